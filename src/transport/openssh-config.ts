import { SYSTEM_CONFIG, userConfig } from './ssh-config-files.ts';
import { expandHome } from './host-key.ts';
import type { Login } from './transport.ts';

/** What OpenSSH's client prints on stdout once the login is done and its control socket listens. */
export const READY = 'runbook-ready';

/**
 * A configuration file for one login: ours first, for the first value counts, then the operator's own files (or those
 * that the inventory names), for what neither the inventory nor this program sets. `proxy`: the command that is the
 * connection. Source: ssh_config(5).
 */
export function opensshConfig(login: Login, proxy: string | undefined): string {
  const seconds = (ms: number): number => Math.ceil(ms / 1000);
  const isOff = login.hostKeyChecking === 'off';
  const files = login.identityFiles.map(path);
  const lines: [string, string | number][] = [
    ['HostName', login.host],
    ['Port', login.port],
    ['User', word(login.user)],
    ['ProxyCommand', proxy ?? 'none'],
    ['ConnectTimeout', seconds(login.connectTimeout)],
    ['ServerAliveInterval', seconds(login.keepaliveInterval)],
    ['ServerAliveCountMax', login.keepaliveCountMax ?? 3],
    ['StrictHostKeyChecking', { strict: 'yes', 'accept-new': 'accept-new', off: 'no' }[login.hostKeyChecking]],
    ['UserKnownHostsFile', isOff ? '/dev/null' : login.knownHosts.map(path).join(' ') || '/dev/null'],
    ['GlobalKnownHostsFile', '/dev/null'],
    ['KnownHostsCommand', 'none'],
    ...(login.hostKeyAlias === undefined ? [] : [['HostKeyAlias', word(login.hostKeyAlias)] as [string, string]]),
    ...(files.length > 0 ? files : ['none']).map((file): [string, string] => ['IdentityFile', file]),
    ...(login.certificateFiles ?? []).map((file): [string, string] => ['CertificateFile', path(file)]),
    ...(login.identitiesOnly === true ? [['IdentitiesOnly', 'yes'] as [string, string]] : []),
    ['IdentityAgent', login.agentSocket === undefined ? 'none' : path(login.agentSocket)],
    ['PasswordAuthentication', login.password === undefined ? 'no' : 'yes'],
    ['NumberOfPasswordPrompts', 1],
    ['LocalCommand', `echo ${READY}`],
    ...ALWAYS,
  ];
  const own = login.configFiles ?? [userConfig(), SYSTEM_CONFIG];
  const include = own.length > 0 ? [`Include ${own.map(word).join(' ')}`] : [];
  return [...lines.map(([key, value]) => `${key} ${value}`), ...include, ''].join('\n');
}

/** What a link is not to do, whatever the operator's files say for their own logins. */
const ALWAYS: [string, string][] = [
  ['PermitLocalCommand', 'yes'],
  ['BatchMode', 'no'],
  ['LogLevel', 'INFO'],
  ['CheckHostIP', 'no'],
  ['VerifyHostKeyDNS', 'no'],
  ['NoHostAuthenticationForLocalhost', 'no'],
  ['UpdateHostKeys', 'no'],
  ['ControlPersist', 'no'],
  ['SessionType', 'default'],
  ['RemoteCommand', 'none'],
  ['RequestTTY', 'no'],
  ['ForkAfterAuthentication', 'no'],
  ['ForwardAgent', 'no'],
  ['ForwardX11', 'no'],
  ['ClearAllForwardings', 'yes'],
  ['Tunnel', 'no'],
];

/** A word of the file: quoted, for it may hold spaces. */
function word(text: string): string {
  if (/[\n\r\0]/.test(text)) throw new Error('a setting for ssh has a line break');
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** A file name, in which ssh would expand tokens. */
const path = (file: string): string => word(expandHome(file).replaceAll('%', '%%'));
