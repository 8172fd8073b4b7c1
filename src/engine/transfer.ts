import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FetchedFile, MadeSecret, SentFile } from '../actions/lib/abilities.ts';
import { quote } from '../transport/quote.ts';
import { sha256 } from '../digest.ts';
import type { FileFact } from '../facts/facts.ts';
import { localPath } from '../documents/target.ts';
import { Failure } from '../failure.ts';
import { makeFolder } from '../make-folder.ts';
import type { RemoteNode } from '../remote/attempt.ts';
import { type Channel, ConnectionLost, type Exit } from '../transport/transport.ts';
import { describeRemote } from './files.ts';
import type { Links } from './links.ts';
import type { LocalFiles } from './local-file.ts';

/** An API server under load, a busy machine. Milliseconds. */
const MAKE_TIMEOUT = 60_000;

/** Where files go between the operator's machine and one host of a run. */
export interface Route {
  readonly links: Links;
  readonly localFiles: LocalFiles;
  readonly host: string;
  /** Shows a message before bytes move. */
  readonly progress: (message: string) => void;
}

/**
 * Brings a file to a host: under another name, compared by sha256, then renamed. A file that is there already is not
 * sent again; after a lost link, it is sent from the start. @throws Failure
 */
export async function sendFile({ links, localFiles, host, progress }: Route, file: SentFile): Promise<void> {
  if (file.filled?.error !== undefined)
    throw failed(file.filled.error, [
      'Nothing was sent. Put it back as it was, or make a new plan: runbook apply --new.',
    ]);
  const text = file.filled?.text;
  const local = text === undefined ? await localFiles.describe(file.local) : textFact(text);
  if (local.sha256 === undefined) throw failed(`cannot read ${file.local}: ${local.error ?? 'it is not there'}`);
  const mode = file.mode.toString(8);
  await changing(links, host, async (remote) => {
    const there = await describeRemote(remote, file.remote);
    if (there.sha256 === local.sha256 && there.mode === mode) return;
    progress(`sending ${file.local} (${sizeOf(local.size)}) to ${host}`);
    const content = text === undefined ? createReadStream(localPath(file.local)) : Readable.from([Buffer.from(text)]);
    await deliver(remote, host, content, { ...file, sha256: local.sha256 ?? '' });
  });
}

/** What files and secrets leave behind is no attempt, but facts that were read before it may be untrue. */
function changing<T>(links: Links, host: string, work: (remote: RemoteNode) => Promise<T>): Promise<T> {
  return links.whileChanging(() => links.with(host, work));
}

function textFact(text: string): FileFact {
  const bytes = Buffer.from(text);
  return { size: bytes.length, sha256: sha256(bytes) };
}

/** Makes a secret on one host for another; it is held in memory alone. @throws Failure */
export async function makeSecret({ links, host, progress }: Route, from: string, secret: MadeSecret): Promise<string> {
  const made = await changing(links, from, (remote) => remote.probe(secret.script, { timeout: MAKE_TIMEOUT }));
  if (made.code !== 0) throw failed(`${from}: ${secret.what} could not be made`, made.stderr.trim().split('\n'));
  progress(`bringing ${secret.what} from ${from} to ${host}`);
  return made.stdout;
}

/** Under another name first, and renamed when it is whole. */
async function deliver(
  remote: RemoteNode,
  host: string,
  content: Readable,
  file: Omit<SentFile, 'local'> & { readonly sha256: string },
): Promise<void> {
  const part = `${file.remote}.part-${String(process.pid)}-${String(Date.now())}`;
  const folder = dirname(file.remote);
  const make = `umask ${file.closed ? '077' : '022'}; mkdir -p ${quote(folder)} || exit; rm -f ${quote(file.remote)}.part-*; umask 077`;
  const channel = await opened(remote, `${make}; cat > ${quote(part)}`);
  const said = listen(channel.stderr);
  channel.stdout.resume();
  // A host that refuses the file ends before all of it was read: its exit says why, not the broken pipe.
  await pipeline(content, channel.stdin).catch(() => undefined);
  requireExit(host, await channel.exit, `it does not take ${file.remote}`, said());
  const arrived = await describeRemote(remote, part);
  if (arrived.sha256 !== file.sha256) {
    await remote.probe(`rm -f ${quote(part)}`);
    throw failed(`${file.remote} did not arrive on ${host} as it was sent`, [
      `sha256 here ${file.sha256}, there ${arrived.sha256 ?? 'unknown'}`,
    ]);
  }
  const end = `chmod ${file.mode.toString(8)} ${quote(part)} && mv -f ${quote(part)} ${quote(file.remote)}`;
  const renamed = await remote.probe(end);
  if (renamed.code !== 0) throw failed(`${host}: ${renamed.stderr.trim()}`);
}

/**
 * Brings a file from a host: beside its place, compared with the host's sha256, then renamed; after a lost link it
 * continues where it stopped. Done when the file is here already. @throws Failure
 */
export async function fetchFile({ links, localFiles, host, progress }: Route, file: FetchedFile): Promise<void> {
  const local = localPath(file.local);
  await makeFolder(dirname(local));
  await changing(links, host, async (remote) => {
    const there = await describeRemote(remote, file.remote);
    const here = await localFiles.describe(local);
    if (there.sha256 === undefined) {
      // Taken away by a controller that had fetched it and came no further.
      if (here.sha256 !== undefined && file.remove) return;
      throw failed(`${file.remote} is not on ${host}: ${there.error ?? ''}`);
    }
    if (here.sha256 !== there.sha256) {
      progress(`fetching ${file.remote} (${sizeOf(there.size)}) from ${host}`);
      await download(remote, host, file.remote, `${local}.part`, there.size ?? 0);
      const arrived = await localFiles.describe(`${local}.part`);
      if (arrived.sha256 !== there.sha256) {
        await rm(`${local}.part`, { force: true });
        throw failed(`${file.remote} did not arrive from ${host} as it is there`, [
          `sha256 there ${there.sha256}, here ${arrived.sha256 ?? 'unknown'}`,
        ]);
      }
      await settle(`${local}.part`, local, file.mode);
    }
    if (file.remove) await remote.probe(`rm -f ${quote(file.remote)}`);
  });
}

async function download(remote: RemoteNode, host: string, path: string, part: string, size: number): Promise<void> {
  const begun = await stat(part).catch(() => undefined);
  if (begun && begun.size > size) await rm(part);
  const have = begun && begun.size <= size ? begun.size : 0;
  if (have === size && size > 0) return;
  const channel = await opened(remote, have === 0 ? `cat ${quote(path)}` : `tail -c +${have + 1} ${quote(path)}`);
  const said = listen(channel.stderr);
  channel.stdin.on('error', () => undefined);
  channel.stdin.end();
  const written = pipeline(channel.stdout, createWriteStream(part, { flags: 'a', mode: 0o600 }));
  const [exit, write] = await Promise.allSettled([channel.exit, written]);
  if (write.status === 'rejected') throw failed(`cannot write ${part}: ${String(write.reason)}`);
  if (exit.status === 'fulfilled') requireExit(host, exit.value, `it does not give ${path}`, said());
}

/** On disk before it has its name. */
async function settle(part: string, file: string, mode: number): Promise<void> {
  const handle = await open(part, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(part, mode);
  await rename(part, file);
}

/** Deletes what its `keep` leaves no room for; not before this one is known to be good. */
export async function pruneOlder({ local, keep }: FetchedFile): Promise<void> {
  if (!keep) return;
  const file = localPath(local);
  const folder = dirname(file);
  const names = (await readdir(folder)).filter((name) => keep.names.test(name) && name !== basename(file));
  const dated = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
  const old = dated.toSorted((a, b) => b.at - a.at).slice(Math.max(0, keep.count - 1));
  for (const { name } of old) {
    for (const ending of ['', ...keep.with]) await rm(join(folder, `${name}${ending}`), { force: true });
  }
}

async function opened(remote: RemoteNode, command: string): Promise<Channel> {
  const channel = await remote.open?.(`sh -c ${quote(command)}`);
  if (!channel) throw failed('this link cannot carry files');
  return channel;
}

/** The last words of a program. */
function listen(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString('utf8')).slice(-2000)));
  return () => text.trim();
}

function requireExit(host: string, exit: Exit, what: string, said: string): void {
  if (exit.kind === 'lost') throw new ConnectionLost(host, exit.reason);
  if (exit.kind === 'exited' && exit.code === 0) return;
  throw failed(`${host}: ${what}`, said === '' ? [] : said.split('\n'));
}

/** A file that could not be brought, by its own fault or that of a machine which answers. */
export class TransferFailed extends Failure {
  constructor(message: string, detail: readonly string[] = []) {
    super('step-failed', message, detail);
  }
}

function failed(message: string, detail: readonly string[] = []): TransferFailed {
  return new TransferFailed(message, detail);
}

function sizeOf(bytes = 0): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
