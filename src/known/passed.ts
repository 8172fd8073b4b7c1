/** A drain that tries a pod again. */
const RETRIED = /error when evicting pods?\/"([^"]+)" .*\(will retry after/;
const EVICTED = /\bpod\/(\S+) evicted/g;
const DRAINED = /^node\/\S+ (drained|evicted)$/;

/** A program that waits for a lock. */
const WAITS =
  /Waiting for (cache lock|process with pid \d+ to finish|a lock on the system repository)|waiting for it to exit/;
/** What it prints beneath that line. */
const LINES_OF_WAITING = 8;

/**
 * Not why something failed: information of klog, warnings of kubeadm's checks and of its reset, and what kubeadm does
 * without.
 */
const HARMLESS = [
  /(^|\s)I\d{4} \d\d:\d\d:\d\d\./,
  /\[WARNING [^\]]+\]/,
  /\[reset\] (WARNING|Unable to fetch|Failed to evaluate)/,
  /Continuing without it/,
  /could not fetch a Kubernetes version from the internet/,
];

/** Whether a line reports nothing, or a problem that was over before the end of the output. */
export function passedIn(lines: readonly string[]): (line: number) => boolean {
  const evicted = new Set(lines.flatMap((text) => [...text.matchAll(EVICTED)].map(([, pod]) => pod)));
  const drained = lines.findLastIndex((text) => DRAINED.test(text));
  return (line) => {
    const text = lines[line] ?? '';
    const [, pod] = RETRIED.exec(text) ?? [];
    if (pod !== undefined) return evicted.has(pod) || line < drained;
    if (WAITS.test(text)) return line < lines.length - LINES_OF_WAITING;
    return HARMLESS.some((pattern) => pattern.test(text));
  };
}
