import { isIP, isIPv4 } from 'node:net';
import { expandRanges } from './ranges.ts';

/** Characters that OpenSSH takes in no name of a host either: a ProxyCommand would hand them to a shell. */
const UNSAFE = /[\s'"`$\\;&<>|(){}@/!*?,\p{Cc}]/u;

/**
 * Why nothing can be reached under an address, or undefined. It follows the name of the key; a range is judged by all
 * that it stands for.
 */
export function hostProblem(text: string): string | undefined {
  const expanded = expandRanges(text);
  if (!expanded.ok) return expanded.problem;
  for (const host of expanded.names) {
    const problem = problemOf(host);
    if (problem !== undefined) return host === text ? problem : `${problem} (${host})`;
  }
  return undefined;
}

function problemOf(host: string): string | undefined {
  const inner = /^\[(.*)\]$/.exec(host)?.[1];
  if (inner !== undefined) return isIP(inner) === 6 ? undefined : 'is not an IPv6 address: [ ] are for these alone';
  if (isIP(host) !== 0) return undefined;
  const [, , port] = /^(\[.*\]|[^:]*):(\d+)$/.exec(host) ?? [];
  if (port !== undefined) return `must be an address or a name alone; the port has a key of its own: \`port: ${port}\``;
  if (host.startsWith('-') || UNSAFE.test(host)) {
    return 'must be an address or a name alone; user and port have keys of their own';
  }
  if (host.includes('[')) return 'has a range that is not of the form [01:20]';
  if (host.includes(':')) return 'is not an IPv6 address';
  if (/^[\d.]+$/.test(host) && !isIPv4(host)) return 'is not an IPv4 address: four numbers from 0 to 255';
  const labels = host.replace(/\.$/, '').split('.');
  if (labels.includes('')) return 'has an empty part between its dots';
  return labels.some((label) => label.length > 63) || host.length > 253 ? 'is too long for a name in DNS' : undefined;
}
