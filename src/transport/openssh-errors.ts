import type { Place } from './host-key.ts';
import { knownHostsName } from './known-hosts.ts';
import { ConnectFailure, type Login } from './transport.ts';

type Reason = ConnectFailure['reason'];

/** What OpenSSH's client prints, most telling first; `next` says what to do. */
const KNOWN: readonly (readonly [RegExp, Reason, string])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'host-key-changed',
    'ITS HOST KEY HAS CHANGED. Someone may be listening in, or the node was reinstalled',
  ],
  [/REVOKED HOST KEY|host key .*(?:is|was) revoked|marked as revoked/i, 'host-key-revoked', 'its host key is REVOKED'],
  [
    /host key is known for|Host key verification failed|Certificate invalid|No matching CA/i,
    'host-key-unknown',
    'its host key is not known',
  ],
  [/Too many authentication failures/, 'authentication', 'login refused: too many keys were offered'],
  [/Permission denied|No more authentication methods|no authentication methods/i, 'authentication', 'login refused'],
  [/administratively prohibited/, 'unreachable', 'the jump host forbids it (AllowTcpForwarding, PermitOpen)'],
  [/stdio forwarding (?:request )?failed/i, 'unreachable', 'the jump host could not reach it'],
  [/Could not resolve hostname/, 'unreachable', 'its name does not resolve'],
  [/timed out/i, 'timeout', 'no answer'],
  [/Connection refused/, 'unreachable', 'connection refused'],
  [/No route to host/, 'unreachable', 'no route to it'],
  [/Network is unreachable/, 'unreachable', 'its network is unreachable'],
  [/Unable to negotiate|no matching/, 'protocol', 'it has no algorithm in common with this ssh'],
  [
    /Bad configuration option|bad configuration options|Bad owner or permissions/,
    'protocol',
    'ssh does not accept its configuration',
  ],
  [
    /kex_exchange_identification|banner exchange|Connection (?:closed|reset) by/,
    'protocol',
    'the connection was closed during the SSH handshake',
  ],
];

/** Turns what ssh printed before a link was ready into a sentence that names the node, with its words as detail. */
export function explainSsh(
  { name, login, place }: { readonly name: string; readonly login: Login; readonly place: Place },
  printed: readonly string[],
  notes: readonly string[] = [],
): ConnectFailure {
  const text = printed.join('\n');
  const [, reason, what] = KNOWN.find(([pattern]) => pattern.test(text)) ?? [];
  const kind = reason ?? 'protocol';
  const sentence = `${name} (${place.label}): ${what ?? 'ssh could not connect'}`;
  const quoted = printed
    .filter((line) => !/^@+$|^@ .* @$/.test(line))
    .map((line) => `ssh: ${line.replace(/^ssh: /, '')}`);
  return new ConnectFailure(name, kind, sentence, [...quoted, ...notes, ...advice(kind, login, place)]);
}

function advice(reason: Reason, login: Login, place: Place): string[] {
  const file = login.knownHosts[0] ?? '~/.ssh/known_hosts';
  const known = login.hostKeyAlias ?? knownHostsName(place.host, place.port);
  const port = place.port === 22 ? '' : `-p ${place.port} `;
  const via = place.via.length > 0 ? `-J ${place.via.join(',')} ` : '';
  const learn = `  ssh -o UserKnownHostsFile=${file} ${via}${port}${login.user}@${place.host} true   # asks, and keeps the key`;
  const compare =
    'compare the fingerprint with what the machine itself prints on its console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub';
  switch (reason) {
    case 'host-key-unknown':
      return [compare, 'if they agree, take it:', learn];
    case 'host-key-changed':
      return [
        compare,
        'only if they agree, forget the old key and take the new one:',
        `  ssh-keygen -R '${known}' -f ${file}`,
        learn,
      ];
    case 'authentication':
      return ['what ssh tries is shown by: ssh -v'];
    default:
      return [];
  }
}

/** Why an open link went away, from what ssh printed last. */
export function whyLost(printed: readonly string[]): string {
  const last = printed.findLast((line) => line !== '');
  if (last === undefined) return 'the connection was closed';
  return /^Timeout, server .* not responding/.test(last) ? 'it no longer answers (keepalive)' : last;
}
