/** The first non-option words of a kubeadm command line, and its options. */
export interface KubeadmCall {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

const withoutValue = new Set([
  'yes',
  'y',
  'force',
  'f',
  'dry-run',
  'allow-experimental-upgrades',
  'allow-release-candidate-upgrades',
  'print-config',
  'help',
  'control-plane',
  'upload-certs',
  'discovery-token-unsafe-skip-ca-verification',
]);
const optionalBooleans = new Set(['etcd-upgrade', 'certificate-renewal']);

/** Takes a kubeadm command line apart. */
export function parseCall(args: readonly string[]): KubeadmCall {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    const match = /^--?([a-zA-Z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(arg);
    const name = match?.[1];
    if (name === undefined) words.push(arg);
    else if (match?.[2] !== undefined) options.set(name, match[2]);
    else if (withoutValue.has(name) || optionalBooleans.has(name)) options.set(name, 'true');
    else options.set(name, args[(i += 1)] ?? '');
  }
  return { words, options };
}
