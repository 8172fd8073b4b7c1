import { randomBytes } from 'node:crypto';
import { link, open, readFile, readlink, rename, unlink } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../digest.ts';
import { Failure } from '../failure.ts';
import { makeFolder } from '../make-folder.ts';

const lockSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  run: z.string(),
  runbook: z.string(),
  cluster: z.string(),
  host: z.string(),
  user: z.string(),
  pid: z.number().int(),
  /** Field 22 of /proc/PID/stat where there is one: detects a recycled pid. */
  pidStart: z.string(),
  bootId: z.string(),
  startedAt: z.string(),
  /** Which takeover of the run; on the nodes only. */
  epoch: z.number().int().optional(),
  /** Higher than that of every lock before it in its domain; on the nodes only. */
  fence: z.number().int().optional(),
  /** Its nodes as one word: an inventory with other ones is locked apart. */
  domain: z.string().optional(),
  /** Machine id and process namespace: a host's name alone does not identify a host (or container). */
  place: z.string().optional(),
  /** The nodes of which it needs a majority; on the nodes only. */
  nodes: z.array(z.string()).optional(),
});

/** Who runs, since when, on what. */
export type LockHolder = z.infer<typeof lockSchema>;

/** Who released a lock that was not theirs, and why. */
const releaseSchema = z.object({ by: z.string(), reason: z.string() });
export type Release = z.infer<typeof releaseSchema>;

/** A lock that this process holds. */
export interface HeldLock {
  readonly holder: LockHolder;
  /** Looks at the lock again. @throws Failure (locked) when it is another's by now, or was released. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/** One operator per cluster and state folder: `<state-dir>/locks/<cluster>.json`, made by an exclusive create. */
export class LocalLock {
  readonly #file: string;
  readonly #cluster: string;

  constructor(stateDir: string, cluster: string) {
    const safe = cluster.replace(/[^A-Za-z0-9._-]/g, '_');
    const suffix = safe === cluster ? '' : `-${sha256(cluster).slice(0, 8)}`;
    this.#file = join(stateDir, 'locks', `${safe}${suffix}.json`);
    this.#cluster = cluster;
  }

  /** The present holder, and whether its process is proven gone. A lock from another host is never proven gone. */
  async look(): Promise<{ holder: LockHolder; gone: boolean } | undefined> {
    const text = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const holder = parseHolder(text);
    if (!holder) {
      throw new Failure('locked', `the lock file ${this.#file} is damaged`, [
        'Make sure that no one runs anything on this cluster, then remove the file.',
      ]);
    }
    return { holder, gone: await isGone(holder) };
  }

  /**
   * Takes the lock, or throws a Failure of kind `locked` that names the holder. The lock of a process that is proven
   * gone is taken over only when `takeOver` allows it.
   */
  async take(run: string, runbook: string, takeOver: (holder: LockHolder) => boolean): Promise<HeldLock> {
    await makeFolder(join(this.#file, '..'));
    const holder = await thisHolder(run, runbook, this.#cluster);
    for (let tries = 0; tries < 3; tries += 1) {
      if (await createExclusive(this.#file, holder)) return this.#held(holder);
      const present = await this.look();
      if (!present) continue;
      if (!present.gone || !takeOver(present.holder)) throw lockedBy(present.holder, present.gone);
      await this.#setAside(present.holder);
    }
    throw new Failure('locked', `the lock ${this.#file} changes hands too fast to take it`, ['Try again.']);
  }

  /** Releases a lock by its id. @throws Failure when there is none or it has another id. */
  async unlock(id: string): Promise<LockHolder> {
    const present = await this.look();
    if (!present) throw new Failure('usage', 'there is no lock to release');
    if (present.holder.id !== id) {
      throw new Failure('locked', `the lock has another id: ${present.holder.id}`, describeHolder(present.holder));
    }
    await this.#setAside(present.holder);
    return present.holder;
  }

  /**
   * Renames before removing, so that of two who take over at once only one wins and neither removes the other's new
   * lock.
   */
  async #setAside(holder: LockHolder): Promise<void> {
    const aside = `${this.#file}.${holder.id}`;
    await rename(this.#file, aside).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    const text = await readFile(aside, 'utf8').catch(() => '');
    const moved = parseHolder(text);
    if (moved && moved.id !== holder.id) await link(aside, this.#file).catch(() => undefined);
    await unlink(aside).catch(() => undefined);
  }

  #held(holder: LockHolder): HeldLock {
    return {
      holder,
      assertHeld: async () => {
        const present = await this.look();
        if (present?.holder.id !== holder.id) throw lostTo(present?.holder);
      },
      release: async () => {
        const text = await readFile(this.#file, 'utf8').catch(() => '');
        if (parseHolder(text)?.id === holder.id) await unlink(this.#file).catch(() => undefined);
      },
    };
  }
}

/** Who holds it, where, since when, and the command that frees it. */
export function lockedBy(holder: LockHolder, gone: boolean): Failure {
  return new Failure('locked', `the cluster ${holder.cluster} is locked by ${holder.user}@${holder.host}`, [
    ...describeHolder(holder),
    gone
      ? `That process is gone. Continue its run with \`runbook resume ${holder.run}\`, or release the lock with \`runbook unlock ${holder.id}\`.`
      : `Ask them first. Only if you know that it is not running any more: \`runbook unlock ${holder.id}\`.`,
  ]);
}

/** @param to who holds it now, if anyone; `release`: who released it by force */
export function lostTo(to: LockHolder | undefined, release?: Release): Failure {
  const how = to
    ? `taken over by ${to.user}@${to.host}`
    : release
      ? `released by ${release.by}: ${release.reason}`
      : 'released';
  return new Failure('locked', `this run no longer holds its lock: it was ${how}`, [
    ...(to ? describeHolder(to) : []),
    'Nothing new is started. Check who works on this cluster, then `runbook resume`.',
  ]);
}

/** @throws Failure (locked) for the lock of a run that shows life */
export function stillAlive(holder: LockHolder, sign: string): Failure {
  return new Failure('locked', `run ${holder.run} is still at work under lock ${holder.id}: ${sign}`, [
    ...describeHolder(holder),
    'Nothing was released. Ask its operator to stop it (Ctrl-C there); it then releases its lock itself.',
    `If it must end now: runbook unlock ${holder.id} --force REASON. It starts nothing new then, and shows its operator the reason.`,
  ]);
}

export function describeHolder(holder: LockHolder): string[] {
  return [
    `lock ${holder.id}: run ${holder.run} (${holder.runbook}), process ${holder.pid} on ${holder.host}, since ${holder.startedAt}`,
  ];
}

/** Undefined for anything that is not a holder's record. */
export function parseHolder(text: string): LockHolder | undefined {
  try {
    return lockSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Undefined for anything else, and for a lock that its holder released. */
export function parseRelease(text: string): Release | undefined {
  try {
    return releaseSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Written under another name, then linked: no crash leaves half a lock, which no one could release. */
async function createExclusive(file: string, holder: LockHolder): Promise<boolean> {
  const apart = `${file}.new.${randomBytes(4).toString('hex')}`;
  const handle = await open(apart, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(holder)}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  try {
    await link(apart, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(apart);
  }
}

/** This process as a holder. */
export async function thisHolder(run: string, runbook: string, cluster: string): Promise<LockHolder> {
  return {
    version: 1,
    id: randomBytes(4).toString('hex'),
    run,
    runbook,
    cluster,
    host: hostname(),
    user: userInfo().username,
    pid: process.pid,
    pidStart: (await processStat(process.pid)).start,
    bootId: await bootId(),
    place: await thisPlace(),
    startedAt: new Date().toISOString(),
  };
}

/** True when the holder's process was on this host and is proven to have ended. */
export async function isGone(holder: LockHolder): Promise<boolean> {
  return (await lifeOf(holder)) === 'gone';
}

/** What this host can see of the holder's process. */
export async function lifeOf(holder: LockHolder): Promise<'gone' | 'alive' | 'elsewhere'> {
  if (holder.host !== hostname()) return 'elsewhere';
  if (holder.place !== undefined && holder.place !== (await thisPlace())) return 'elsewhere';
  if (holder.bootId !== (await bootId())) return 'gone';
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? 'gone' : 'alive';
  }
  const now = await processStat(holder.pid);
  return now.state === 'Z' || (holder.pidStart !== '' && holder.pidStart !== now.start) ? 'gone' : 'alive';
}

async function thisPlace(): Promise<string> {
  const machine = await readFile('/etc/machine-id', 'utf8').catch(() => '');
  const processes = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${machine.trim()} ${processes}`;
}

async function bootId(): Promise<string> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return text.trim();
}

/** State and start time of a process; empty where there is no /proc (macOS): then only the pid itself is compared. */
async function processStat(pid: number): Promise<{ state: string; start: string }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The command's name is in parentheses and may hold anything: count fields after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', start: fields[19] ?? '' };
}
