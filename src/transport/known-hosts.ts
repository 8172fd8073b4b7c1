import { createHash, createHmac } from 'node:crypto';

/** One usable line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHostLine {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** The first field: comma-separated patterns, or one `|1|salt|hash`. */
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
}

export type HostKeyVerdict =
  | { readonly kind: 'trusted' }
  /** No line names this host with a plain key; `authorities` are @cert-authority lines, which are not used. */
  | { readonly kind: 'unknown'; readonly authorities: readonly KnownHostLine[] }
  /** The host has lines, and none of them is this key. */
  | { readonly kind: 'changed'; readonly known: readonly KnownHostLine[] }
  | { readonly kind: 'revoked'; readonly by: KnownHostLine };

/** Reads a file's text. Skips comments and lines that it cannot read, as OpenSSH does. */
export function parseKnownHosts(file: string, text: string): KnownHostLine[] {
  return text.split('\n').flatMap((raw, index) => parseLine(file, index + 1, raw) ?? []);
}

function parseLine(file: string, line: number, raw: string): KnownHostLine | undefined {
  const fields = raw.trim().split(/[ \t]+/);
  if (fields[0] === '' || fields[0]?.startsWith('#')) return undefined;
  let marker: KnownHostLine['marker'];
  if (fields[0]?.startsWith('@')) {
    const word = fields.shift()?.slice(1);
    if (word !== 'revoked' && word !== 'cert-authority') return undefined;
    marker = word;
  }
  const [hosts, type, base64] = fields;
  if (hosts === undefined || type === undefined || base64 === undefined) return undefined;
  const key = Buffer.from(base64, 'base64');
  if (keyType(key) !== type) return undefined;
  return { file, line, marker, hosts, type, key };
}

/** The type inside a public key's wire form (RFC 4253 section 6.6); empty where it is none. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length > 64 || key.length < 4 + length ? '' : key.toString('latin1', 4, 4 + length);
}

/** As ssh and ssh-keygen print it: `SHA256:` and unpadded base64. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The name under which known_hosts keeps a host: `[host]:port` for any port but 22. */
export function knownHostsName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
}

/** Judges an offered key. A key listed under the bare name also counts for other ports, as in OpenSSH's client. */
export function judgeHostKey(lines: readonly KnownHostLine[], host: string, port: number, key: Buffer): HostKeyVerdict {
  const name = knownHostsName(host, port);
  const own = lines.filter((line) => matchesHost(line.hosts, name));
  const bare = port === 22 ? [] : lines.filter((line) => matchesHost(line.hosts, host.toLowerCase()));
  const revoked = [...own, ...bare].find((line) => line.marker === 'revoked' && line.key.equals(key));
  if (revoked) return { kind: 'revoked', by: revoked };
  if ([...own, ...bare].some((line) => line.marker === undefined && line.key.equals(key))) return { kind: 'trusted' };
  const known = own.filter((line) => line.marker === undefined);
  if (known.length > 0) return { kind: 'changed', known };
  return { kind: 'unknown', authorities: own.filter((line) => line.marker === 'cert-authority') };
}

/** Key types that are known for a host, to be asked for first (as OpenSSH's client orders HostKeyAlgorithms). */
export function knownKeyTypes(lines: readonly KnownHostLine[], host: string, port: number): string[] {
  const names = [...new Set([knownHostsName(host, port), host.toLowerCase()])];
  const usable = lines.filter((line) => line.marker === undefined);
  // Lines of the exact name outrank those of the bare one.
  return [...new Set(names.flatMap((name) => usable.filter((l) => matchesHost(l.hosts, name)).map((l) => l.type)))];
}

function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name);
  let matched = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), name)) return false;
    } else if (matchesPattern(pattern, name)) {
      matched = true;
    }
  }
  return matched;
}

function matchesHash(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const digest = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return digest.equals(Buffer.from(hash, 'base64'));
}

/**
 * `*` and `?` only; everything else, brackets too, matches itself. A star that was too short is made longer, the last
 * one alone: as a regular expression, `*a*a*a*` takes hours.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < name.length;) {
    if (pattern[at] === '*') {
      star = at++;
      resume = i;
    } else if (pattern[at] === '?' || pattern[at] === name[i]) {
      at++;
      i++;
    } else if (star !== -1) {
      at = star + 1;
      i = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
