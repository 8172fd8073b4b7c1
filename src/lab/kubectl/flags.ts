/** A kubectl command line: words, and flags by their long name (several values where given several times). */
export interface KubectlCall {
  readonly words: readonly string[];
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** After `--`. */
  readonly rest: readonly string[];
}

const shortNames: Readonly<Record<string, string>> = {
  n: 'namespace',
  o: 'output',
  l: 'selector',
  A: 'all-namespaces',
  f: 'filename',
  s: 'server',
  w: 'watch',
  i: 'stdin',
  t: 'tty',
  c: 'container',
};

const booleans = new Set([
  'all-namespaces',
  'ignore-daemonsets',
  'delete-emptydir-data',
  'delete-local-data',
  'force',
  'disable-eviction',
  'client',
  'namespaced',
  'short',
  'all',
  'overwrite',
  'list',
  'watch',
  'no-headers',
  'now',
  'ignore-not-found',
  'insecure-skip-tls-verify',
  'show-labels',
  'stdin',
  'tty',
  'wait',
  'recursive',
  'warnings-as-errors',
  'help',
  'previous',
  'yes',
  'show-managed-fields',
]);

export function parseCall(args: readonly string[]): KubectlCall {
  const words: string[] = [];
  const flags = new Map<string, string[]>();
  const add = (name: string, value: string) => flags.set(name, [...(flags.get(name) ?? []), value]);
  let i = 0;
  for (; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '--') {
      i += 1;
      break;
    }
    const long = /^--([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(arg);
    const short = /^-([a-zA-Z])([\s\S]*)$/.exec(arg);
    if (long) {
      const name = long[1] ?? '';
      if (long[2] !== undefined) add(name, long[2]);
      else if (booleans.has(name) || name === 'dry-run') add(name, 'true');
      else add(name, args[(i += 1)] ?? '');
    } else if (short) {
      const name = shortNames[short[1] ?? ''] ?? short[1] ?? '';
      if (booleans.has(name)) add(name, 'true');
      else if (short[2]) add(name, short[2].replace(/^=/, ''));
      else add(name, args[(i += 1)] ?? '');
    } else words.push(arg);
  }
  return { words, flags, rest: args.slice(i) };
}

export function flag(call: KubectlCall, name: string): string | undefined {
  return call.flags.get(name)?.at(-1);
}

export function isSet(call: KubectlCall, name: string): boolean {
  const value = flag(call, name);
  return value !== undefined && value !== 'false';
}
