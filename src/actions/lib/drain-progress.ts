/** A pod that a drain has asked to go and that is not gone yet. Times in milliseconds of whoever reads the output. */
export interface AwaitedPod {
  /** `namespace/name` */
  readonly pod: string;
  readonly namespace: string;
  readonly name: string;
  /** When its eviction was first asked for. */
  readonly since: number;
  /** A PodDisruptionBudget refused its last eviction. */
  readonly refusedAt?: number;
}

/** The pods that kubectl could not evict, and those that did not go. */
export interface DrainEnd {
  readonly held: readonly AwaitedPod[];
  readonly ending: readonly AwaitedPod[];
}

/** kubectl asks again 5 s after a refusal: one that was not repeated for so long is over, and the pod is ending. */
const REPEATED = 8000;

const EVICTING = /^evicting pod ([^/\s]+)\/(\S+)/;
const REFUSED =
  /^error when evicting pods?(?:\/| )"([^"]+)"(?: -n "([^"]+)")?.*(?:disruption budget|PodDisruptionBudget)/;
const GONE = /^pod\/(\S+) (?:evicted|deleted)/;
/** It gave up: what its last lines reported of the pods stays as it is. */
const GAVE_UP = /^(?:There are pending |error: unable to drain node )/;
/** Of each pod that it gave up on, in the line of the error. */
const HELD_AT_END = /error when evicting pods?\/"([^"]+)" -n "([^"]+)"/g;
const ENDING_AT_END = /error when waiting for pod "([^"]+)"(?: in namespace "([^"]+)")? to terminate/g;
const ATTACHED = /^(volumes are still attached to .+)$/;
const BYPASSED = /^PodDisruptionBudgets are bypassed, because: (.+)$/;

/** What `kubectl drain` reports of its pods, line by line (k8s.io/kubectl/pkg/drain, 1.18 to 1.37). */
export class DrainProgress {
  readonly #pods = new Map<string, AwaitedPod>();
  #gaveUp = false;
  #end: DrainEnd | undefined;
  /** What it said of volumes, once it gave up on them. */
  attached: string | undefined;
  /** The reason that the runbook gives for passing over budgets, once that was done. */
  bypassed: string | undefined;

  /** Takes complete lines of either stream; their order between the streams does not matter. */
  take(text: string, now: number): void {
    for (const line of text.split('\n')) this.#line(line.trimEnd(), now);
  }

  /** No pod is awaited: all are gone, or the drain has given up. */
  get isOver(): boolean {
    return this.#gaveUp || this.#pods.size === 0;
  }

  /** What kubectl named when it gave up: this counts, not what was seen last. */
  get end(): DrainEnd | undefined {
    return this.#end;
  }

  /** Pods that a budget keeps at this moment. */
  held(now: number): readonly AwaitedPod[] {
    return [...this.#pods.values()].filter((pod) => isRefused(pod, now));
  }

  /** Pods that may go and have not gone yet, with the time since which that is so. */
  ending(now: number): readonly AwaitedPod[] {
    return [...this.#pods.values()]
      .filter((pod) => !isRefused(pod, now))
      .map((pod) => ({ ...pod, since: pod.refusedAt ?? pod.since }));
  }

  #line(line: string, now: number): void {
    const [, namespace, name] = EVICTING.exec(line) ?? [];
    if (namespace !== undefined && name !== undefined) this.#await(namespace, name, now);
    const [, refused, space] = REFUSED.exec(line) ?? [];
    if (refused !== undefined) this.#refuse(refused, space, now);
    if (GAVE_UP.test(line)) {
      this.#gaveUp = true;
      this.#end = this.#endOf(line) ?? this.#end;
    }
    this.attached = ATTACHED.exec(line)?.[1] ?? this.attached;
    const gone = GONE.exec(line)?.[1];
    if (gone !== undefined) for (const pod of this.#named(gone)) this.#pods.delete(pod.pod);
    this.bypassed = BYPASSED.exec(line)?.[1] ?? this.bypassed;
  }

  #endOf(line: string): DrainEnd | undefined {
    const named = (pattern: RegExp) =>
      [...line.matchAll(pattern)].flatMap(([, name = '', space]) => this.#named(name, space));
    const end = { held: named(HELD_AT_END), ending: named(ENDING_AT_END) };
    return end.held.length + end.ending.length > 0 ? end : undefined;
  }

  #await(namespace: string, name: string, now: number): void {
    const pod = `${namespace}/${name}`;
    this.#gaveUp = false;
    if (!this.#pods.has(pod)) this.#pods.set(pod, { pod, namespace, name, since: now });
  }

  #refuse(name: string, namespace: string | undefined, now: number): void {
    if (namespace !== undefined) this.#await(namespace, name, now);
    for (const pod of this.#named(name, namespace)) this.#pods.set(pod.pod, { ...pod, refusedAt: now });
  }

  /** kubectl names a pod that is gone without its namespace. */
  #named(name: string, namespace?: string): AwaitedPod[] {
    return [...this.#pods.values()].filter(
      (pod) => pod.name === name && (namespace === undefined || pod.namespace === namespace),
    );
  }
}

function isRefused(pod: AwaitedPod, now: number): boolean {
  return pod.refusedAt !== undefined && now - pod.refusedAt < REPEATED;
}
