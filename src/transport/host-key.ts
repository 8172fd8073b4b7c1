import { appendFile, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import {
  fingerprint,
  judgeHostKey,
  keyType,
  knownHostsName,
  parseKnownHosts,
  type HostKeyVerdict,
  type KnownHostLine,
} from './known-hosts.ts';
import { makeFolder } from '../make-folder.ts';
import { quote } from './quote.ts';
import { ConnectFailure, type Login } from './transport.ts';

/** Where a key was offered: the node itself, or a jump host on the way to it. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** For messages: `10.0.0.11:22` or `bastion:22 (jump host)`. */
  readonly label: string;
  /** Hosts before this one, as ssh's -J takes them. */
  readonly via: readonly string[];
}

/** Under which name known_hosts keeps a key: HostKeyAlias stands alone, without a port (ssh_config(5)). */
export function knownAs(
  { hostKeyAlias }: Login,
  { host, port }: Place,
): { readonly host: string; readonly port: number } {
  return hostKeyAlias === undefined ? { host, port } : { host: hostKeyAlias, port: 22 };
}

/** Whose key is judged: `name` is for messages. */
export interface Offering {
  readonly name: string;
  readonly login: Login;
  readonly place: Place;
}

export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path;
}

/** Reads all known_hosts files of a login; one that does not exist counts as empty. */
export async function readKnownHosts(login: Login): Promise<KnownHostLine[]> {
  const texts = login.knownHosts.map(async (file) => parseKnownHosts(file, await readText(expandHome(file))));
  return (await Promise.all(texts)).flat();
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return '';
    throw error;
  }
}

/** Judges the key that was offered and, with accept-new, keeps it. Undefined: it is trusted. */
export async function refuseHostKey(
  offering: Offering,
  lines: readonly KnownHostLine[],
  key: Buffer,
): Promise<ConnectFailure | undefined> {
  const { login, place } = offering;
  if (login.hostKeyChecking === 'off') return undefined;
  const { host, port } = knownAs(login, place);
  const verdict = judgeHostKey(lines, host, port, key);
  if (verdict.kind === 'trusted') return undefined;
  if (verdict.kind === 'unknown' && login.hostKeyChecking === 'accept-new') return keepKey(offering, key);
  return refusal(offering, key, verdict);
}

/** One after the other: two nodes may answer at the same moment. */
let appending: Promise<unknown> = Promise.resolve();

async function keepKey({ name, login, place }: Offering, key: Buffer): Promise<ConnectFailure | undefined> {
  const file = login.knownHosts[0];
  if (file === undefined) {
    return new ConnectFailure(name, 'host-key-unknown', `${name}: no known_hosts file to keep keys in`);
  }
  const path = expandHome(file);
  const { host, port } = knownAs(login, place);
  const line = `${knownHostsName(host, port)} ${keyType(key)} ${key.toString('base64')}\n`;
  const append = appending.then(async () => {
    const before = await readText(path);
    if (judgeHostKey(parseKnownHosts(file, before), host, port, key).kind === 'trusted') return;
    await makeFolder(dirname(path));
    await appendFile(path, before === '' || before.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 });
  });
  appending = append.catch(() => undefined);
  try {
    await append;
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `${name} (${place.label}): its host key could not be kept in ${file}: ${why}`;
    return new ConnectFailure(name, 'host-key-unknown', message, [], { cause: error });
  }
}

function refusal(
  { name, login, place }: Offering,
  key: Buffer,
  verdict: Exclude<HostKeyVerdict, { kind: 'trusted' }>,
): ConnectFailure {
  const who = `${name} (${place.label})`;
  const alias = login.hostKeyAlias === undefined ? '' : `, looked up as ${login.hostKeyAlias}`;
  const offered = `offered: ${keyType(key)} ${fingerprint(key)}${alias}`;
  if (verdict.kind === 'revoked') {
    const message = `${who}: its host key is REVOKED (${placeOf(verdict.by)})`;
    const next = 'do not connect: find out who revoked this key and why, and give the node a new one';
    return new ConnectFailure(name, 'host-key-revoked', message, [offered, next]);
  }
  if (verdict.kind === 'changed') {
    const message = `${who}: ITS HOST KEY HAS CHANGED. Someone may be listening in, or the node was reinstalled`;
    return new ConnectFailure(name, 'host-key-changed', message, [
      offered,
      ...verdict.known.map((line) => `known: ${line.type} ${fingerprint(line.key)} (${placeOf(line)})`),
      howToVerify(key),
      'only if they agree, forget the old key and take the new one:',
      ...howToForget(login, place, verdict.known),
      `  ${howToLearn(login, place, key)}`,
    ]);
  }
  return new ConnectFailure(name, 'host-key-unknown', `${who}: its host key is not known`, [
    offered,
    `known: none (${login.knownHosts.length > 0 ? login.knownHosts.join(', ') : 'no known_hosts file given'})`,
    ...verdict.authorities.map((line) => `note: @cert-authority at ${placeOf(line)} is not used; name a plain key`),
    howToVerify(key),
    'if they agree, take it:',
    `  ${howToLearn(login, place, key)}`,
  ]);
}

function howToForget(login: Login, place: Place, known: readonly KnownHostLine[]): string[] {
  const { host, port } = knownAs(login, place);
  const files = new Set(known.map((line) => line.file));
  return [...files].map((file) => `  ssh-keygen -R '${knownHostsName(host, port)}' -f ${file}`);
}

const placeOf = (line: KnownHostLine): string => `${line.file}:${line.line}`;

function howToVerify(key: Buffer): string {
  const file = `/etc/ssh/ssh_host_${shortType(key)}_key.pub`;
  return `compare the offered fingerprint with what the machine itself prints on its console: ssh-keygen -lf ${file}`;
}

/** The word that ssh-keyscan -t and the names of host key files use. */
function shortType(key: Buffer): string {
  const type = keyType(key);
  return type.startsWith('ecdsa-') ? 'ecdsa' : type.replace(/^ssh-/, '');
}

function howToLearn(login: Login, place: Place, key: Buffer): string {
  const file = login.knownHosts[0] ?? '~/.ssh/known_hosts';
  const port = place.port === 22 ? '' : `-p ${place.port} `;
  const options = [
    `-o UserKnownHostsFile=${file}`,
    ...(login.hostKeyAlias === undefined ? [] : [`-o HostKeyAlias=${login.hostKeyAlias}`]),
    ...(login.proxyCommand === undefined ? [] : [`-o ProxyCommand=${quote(login.proxyCommand.replaceAll('%', '%%'))}`]),
    ...(place.via.length > 0 ? [`-J ${place.via.join(',')}`] : []),
  ];
  if (options.length > 1) {
    return `ssh ${options.join(' ')} ${port}${login.user}@${place.host} true   # asks, and keeps the key`;
  }
  return `ssh-keyscan -t ${shortType(key)} ${port}${place.host} >> ${file}`;
}
