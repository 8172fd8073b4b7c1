import { appendFile, mkdir, readFile } from 'node:fs/promises';
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
import { ConnectFailure, type Target } from './transport.ts';

/** Where a key was offered: the node itself, or a jump host on the way to it. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** For messages: `10.0.0.11:22` or `bastion:22 (jump host)`. */
  readonly label: string;
  /** Hosts before this one, as ssh's -J takes them. */
  readonly via: readonly string[];
}

export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path;
}

/** Reads all known_hosts files of a target; one that does not exist counts as empty. */
export async function readKnownHosts(target: Target): Promise<KnownHostLine[]> {
  const texts = target.knownHosts.map(async (file) => parseKnownHosts(file, await readText(expandHome(file))));
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
  target: Target,
  place: Place,
  lines: readonly KnownHostLine[],
  key: Buffer,
): Promise<ConnectFailure | undefined> {
  if (target.hostKeyChecking === 'off') return undefined;
  const verdict = judgeHostKey(lines, place.host, place.port, key);
  if (verdict.kind === 'trusted') return undefined;
  if (verdict.kind === 'unknown' && target.hostKeyChecking === 'accept-new') return keepKey(target, place, key);
  return refusal(target, place, key, verdict);
}

/** One after the other: two nodes may answer at the same moment. */
let appending: Promise<unknown> = Promise.resolve();

async function keepKey(target: Target, place: Place, key: Buffer): Promise<ConnectFailure | undefined> {
  const file = target.knownHosts[0];
  if (file === undefined) {
    return new ConnectFailure(target.name, 'host-key-unknown', `${target.name}: no known_hosts file to keep keys in`);
  }
  const path = expandHome(file);
  const line = `${knownHostsName(place.host, place.port)} ${keyType(key)} ${key.toString('base64')}\n`;
  const append = appending.then(async () => {
    const before = await readText(path);
    if (judgeHostKey(parseKnownHosts(file, before), place.host, place.port, key).kind === 'trusted') return;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await appendFile(path, before === '' || before.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 });
  });
  appending = append.catch(() => undefined);
  try {
    await append;
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `${target.name} (${place.label}): its host key could not be kept in ${file}: ${why}`;
    return new ConnectFailure(target.name, 'host-key-unknown', message, [], { cause: error });
  }
}

function refusal(
  target: Target,
  place: Place,
  key: Buffer,
  verdict: Exclude<HostKeyVerdict, { kind: 'trusted' }>,
): ConnectFailure {
  const who = `${target.name} (${place.label})`;
  const offered = `offered: ${keyType(key)} ${fingerprint(key)}`;
  if (verdict.kind === 'revoked') {
    const message = `${who}: its host key is REVOKED (${placeOf(verdict.by)})`;
    const next = 'do not connect: find out who revoked this key and why, and give the node a new one';
    return new ConnectFailure(target.name, 'host-key-revoked', message, [offered, next]);
  }
  if (verdict.kind === 'changed') {
    const message = `${who}: ITS HOST KEY HAS CHANGED. Someone may be listening in, or the node was reinstalled`;
    return new ConnectFailure(target.name, 'host-key-changed', message, [
      offered,
      ...verdict.known.map((line) => `known: ${line.type} ${fingerprint(line.key)} (${placeOf(line)})`),
      howToVerify(key),
      'only if they agree, forget the old key and take the new one:',
      ...howToForget(place, verdict.known),
      `  ${howToLearn(target, place, key)}`,
    ]);
  }
  return new ConnectFailure(target.name, 'host-key-unknown', `${who}: its host key is not known`, [
    offered,
    `known: none (${target.knownHosts.length > 0 ? target.knownHosts.join(', ') : 'no known_hosts file given'})`,
    ...verdict.authorities.map((line) => `note: @cert-authority at ${placeOf(line)} is not used; name a plain key`),
    howToVerify(key),
    'if they agree, take it:',
    `  ${howToLearn(target, place, key)}`,
  ]);
}

function howToForget(place: Place, known: readonly KnownHostLine[]): string[] {
  const files = new Set(known.map((line) => line.file));
  return [...files].map((file) => `  ssh-keygen -R '${knownHostsName(place.host, place.port)}' -f ${file}`);
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

function howToLearn(target: Target, place: Place, key: Buffer): string {
  const file = target.knownHosts[0] ?? '~/.ssh/known_hosts';
  const port = place.port === 22 ? '' : `-p ${place.port} `;
  if (place.via.length > 0) {
    const files = `-o UserKnownHostsFile=${file} -J ${place.via.join(',')}`;
    return `ssh ${files} ${port}${target.user}@${place.host} true   # asks, and keeps the key`;
  }
  return `ssh-keyscan -t ${shortType(key)} ${port}${place.host} >> ${file}`;
}
