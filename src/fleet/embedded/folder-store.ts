import { randomBytes } from 'node:crypto';
import { copyFile, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, messageOf } from '../../failure.ts';
import { type HeldLock, lifeOf, LocalLock, type LockHolder } from '../../journal/lock.ts';
import { isRunId, requireRunId } from '../../journal/run-id.ts';
import { stampsOf } from '../../journal/stamps.ts';
import { writeSynced } from '../../journal/store.ts';
import { makeFolder } from '../../make-folder.ts';
import { slug } from '../../plan/slug.ts';
import {
  type FleetBook,
  type FleetDriver,
  type FleetRequest,
  fleetRequestSchema,
  type FleetRun,
  type FleetVersion,
} from '../book.ts';
import type { GivenRequest } from '../drive.ts';
import { type FleetPlan, parseFleetPlan } from '../plan.ts';
import { FleetJournal, readFleetJournal } from './journal.ts';

const PLAN = 'fleet-plan.json';

/** What a fleet run was begun with beside its plan. */
export interface FleetOptions {
  /** Steps of the runbook that ask for approval, and are approved. */
  readonly approve: readonly string[];
}

/**
 * The fleet runs of a state folder: `fleets/<run>/` with `fleet-plan.json`, `journal.jsonl`, `options.json`, `requests/`
 * and `clusters/<name>/`. Folders 0700, files 0600.
 */
export class FolderFleetStore implements FleetBook {
  readonly root: string;

  constructor(stateDir: string) {
    this.root = stateDir;
  }

  folder(run: string): string {
    requireRunId(run);
    return join(this.root, 'fleets', run);
  }

  /** Of one cluster: its frozen plan, and what its processes print. */
  clusterFolder(run: string, cluster: string): string {
    return join(this.folder(run), 'clusters', cluster);
  }

  planOf(run: string, cluster: string): string {
    return join(this.clusterFolder(run, cluster), 'plan.json');
  }

  async runs(): Promise<readonly string[]> {
    const names = await readdir(join(this.root, 'fleets')).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw new Failure('usage', `cannot read the state folder ${this.root}: ${error.message}`);
    });
    return names.filter(isRunId).toSorted((a, b) => b.localeCompare(a));
  }

  async read(run: string): Promise<FleetRun> {
    const folder = this.folder(run);
    if (!(await stat(folder).catch(() => undefined))) {
      const known = (await this.runs()).slice(0, 5);
      throw new Failure('usage', `no fleet run ${run} in ${this.root}`, [
        known.length > 0
          ? `The newest here: ${known.join(', ')}`
          : 'No fleet runs are known here; is --state-dir right?',
      ]);
    }
    const plan = await readFleetPlan(join(folder, PLAN));
    const records = await readFleetJournal(join(folder, 'journal.jsonl'));
    const requests = (await this.#requests(run)).map(({ request }) => request);
    return { run, plan, records, requests, driver: await this.#driver(run) };
  }

  async version(run: string): Promise<FleetVersion> {
    const folder = this.folder(run);
    const [kept, driver] = await Promise.all([
      stampsOf([join(folder, 'journal.jsonl'), join(folder, 'requests')]),
      stampsOf([join(folder, 'locks', 'driver.json')]),
    ]);
    return { kept: `${kept}-${driver}`, isDriven: driver !== 'none' };
  }

  async request(run: string, request: FleetRequest): Promise<void> {
    // By their names in the order in which they were given.
    const name = `${Date.now().toString().padStart(15, '0')}-${process.hrtime.bigint()}-${randomBytes(4).toString('hex')}`;
    await writeSynced(join(this.folder(run), 'requests', `${name}.json`), `${JSON.stringify(request)}\n`);
  }

  /** Oldest first, each with what takes it away. */
  async given(run: string): Promise<readonly GivenRequest[]> {
    return (await this.#requests(run)).map(({ file, request }) => ({ request, taken: () => unlink(file) }));
  }

  async #requests(run: string): Promise<readonly { readonly file: string; readonly request: FleetRequest }[]> {
    const folder = join(this.folder(run), 'requests');
    const names = await readdir(folder).catch(() => []);
    const found = await Promise.all(
      names
        .filter((name) => name.endsWith('.json'))
        .toSorted()
        .map(async (name) => {
          const file = join(folder, name);
          const text = await readFile(file, 'utf8').catch(() => '');
          const { data } = fleetRequestSchema.safeParse(parsed(text));
          return data ? [{ file, request: data }] : [];
        }),
    );
    return found.flat();
  }

  /**
   * Keeps a new fleet run, whole before its journal has a first record. @param plans by cluster, the file of its plan
   * @throws Failure (usage) where it cannot be written
   */
  async create(plan: FleetPlan, plans: ReadonlyMap<string, string>, options: FleetOptions): Promise<string> {
    const run = newFleetId(plan);
    try {
      for (const { name } of plan.clusters) {
        const from = plans.get(name);
        if (from === undefined) throw new Error(`there is no plan of ${name}`);
        await makeFolder(this.clusterFolder(run, name));
        await copyFile(from, this.planOf(run, name));
      }
      await writeSynced(join(this.folder(run), 'options.json'), `${JSON.stringify(options)}\n`);
      await writeSynced(join(this.folder(run), PLAN), `${JSON.stringify(plan, null, 1)}\n`);
    } catch (error) {
      throw new Failure('usage', `cannot write the state folder ${this.root}: ${messageOf(error)}`, [
        'Nothing was started. Free some space, fix the permissions, or choose another folder with --state-dir.',
      ]);
    }
    return run;
  }

  async options(run: string): Promise<FleetOptions> {
    const text = await readFile(join(this.folder(run), 'options.json'), 'utf8').catch(() => '{}');
    const value: { approve?: unknown } = JSON.parse(text);
    const approve = Array.isArray(value.approve) ? value.approve : [];
    return { approve: approve.filter((step) => typeof step === 'string') };
  }

  journal(run: string): Promise<FleetJournal> {
    return FleetJournal.open(join(this.folder(run), 'journal.jsonl'), Date.now);
  }

  /** One driver at a time. @throws Failure (locked) that names the other one */
  async takeLock(run: string, fleet: string): Promise<HeldLock> {
    const lock = this.#lock(run);
    const present = await lock.look();
    if (present && !present.gone)
      throw new Failure('locked', `fleet run ${run} is driven by ${present.holder.user}@${present.holder.host}`, [
        aboutHolder(present.holder),
        `Look at it: runbook fleet status ${run}`,
      ]);
    return lock.take(run, fleet, () => true);
  }

  /** The fleet run whose driver holds the lock of that id. */
  async lockOf(id: string): Promise<{ readonly run: string; readonly holder: LockHolder } | undefined> {
    for (const run of await this.runs()) {
      const holder = await this.#holder(run);
      if (holder?.id === id) return { run, holder };
    }
    return undefined;
  }

  /** @throws Failure when the lock has another id by now */
  async unlock(run: string, id: string): Promise<void> {
    await this.#lock(run).unlock(id);
  }

  async #driver(run: string): Promise<FleetDriver> {
    const holder = await this.#holder(run);
    if (!holder) return { life: 'none', about: '' };
    return { life: await lifeOf(holder), about: aboutHolder(holder), lock: holder.id };
  }

  /** Undefined: none, or its lock cannot be read. */
  async #holder(run: string): Promise<LockHolder | undefined> {
    const present = await this.#lock(run)
      .look()
      .catch(() => undefined);
    return present?.holder;
  }

  #lock(run: string): LocalLock {
    return new LocalLock(this.folder(run), 'driver');
  }
}

/** @throws Failure (document) where the file is no fleet plan, or is damaged */
export async function readFleetPlan(file: string): Promise<FleetPlan> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Failure('document', `cannot read ${file}: ${error.message}`);
  });
  const read = parseFleetPlan(text);
  if ('plan' in read) return read.plan;
  throw new Failure('document', `${file}: ${read.problem}`, [
    'Make the plan again: runbook fleet plan FLEET RUNBOOK -o DIR',
  ]);
}

function aboutHolder({ pid, user, host, startedAt }: LockHolder): string {
  return `process ${pid} of ${user} on ${host}, since ${startedAt}`;
}

/** An id begins with its time. */
export function newFleetId({ fleet }: Pick<FleetPlan, 'fleet'>, now = new Date()): string {
  const time = now.toISOString().replace(/\..*/, '').replaceAll(/[-:]/g, '').replace('T', '-');
  return `${time}-${slug(fleet.name).slice(0, 40)}-${randomBytes(2).toString('hex')}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
