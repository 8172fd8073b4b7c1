import { constants } from 'node:fs';
import { chmod, copyFile, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure, messageOf } from '../failure.ts';
import type { Facts } from '../facts/facts.ts';
import { makeRoomFor } from '../heap.ts';
import { makeFolder } from '../make-folder.ts';
import { parsePlan, type Plan } from '../plan/plan.ts';
import { Fit, type Misfit } from './fits.ts';
import { continueJournal, type Journal, type JournalEnd, readJournal, requireFit, scanJournal } from './journal.ts';
import type { WholeCopy } from './kept.ts';
import { type Progress, ProgressFold } from './progress.ts';
import type { JournalRecord } from './record.ts';
import { isRunId, requireRunId } from './run-id.ts';

/** Of a run's folder: the facts that its plan was made from, as they were read before anything was changed. */
export const FIRST_FACTS = 'facts-before.json';

/** The files of one run: `<state-dir>/runs/<run-id>/`. Folders 0700, files 0600. */
export interface RunFolder {
  readonly id: string;
  readonly path: string;
  readonly journal: string;
}

export interface RunSummary {
  readonly folder: RunFolder;
  readonly plan: Plan;
  readonly progress: Progress;
}

/** Which runs are looked for; what is not given may be anything. */
interface RunMatch {
  readonly runbook?: string | undefined;
  readonly cluster?: string | undefined;
  readonly planDigest?: string | undefined;
}

/** What the bytes of a run's journal state. */
interface KnownJournal extends JournalEnd {
  readonly id: string;
  readonly bytes: Buffer;
  readonly plan: Plan;
  readonly progress: Progress;
  readonly misfit: Misfit | undefined;
}

/** The state folder: every run known here. */
export class RunStore {
  readonly root: string;
  /** What was read last: a command looks at its run several times, and the same bytes say the same. */
  #plan: { readonly text: Buffer; readonly plan: Plan } | undefined;
  #journal: KnownJournal | undefined;
  /** That plan in one line. */
  #compact: string | undefined;

  constructor(root: string) {
    this.root = root;
  }

  /** @throws Failure (usage) for what is not the id of a run */
  folder(id: string): RunFolder {
    requireRunId(id);
    const path = join(this.root, 'runs', id);
    return { id, path, journal: join(path, 'journal.jsonl') };
  }

  /** @throws Failure when the state folder cannot be written. */
  async create(id: string, plan: Plan, facts: Facts): Promise<RunFolder> {
    const folder = this.folder(id);
    try {
      await makeFolder(folder.path);
      await chmod(folder.path, 0o700);
      await writeSynced(join(folder.path, 'plan.json'), `${JSON.stringify(plan, null, 1)}\n`);
      await writeSynced(join(folder.path, 'facts.json'), `${JSON.stringify(facts, null, 1)}\n`);
      await keepFirst(join(folder.path, 'facts.json'), join(folder.path, FIRST_FACTS));
    } catch (error) {
      throw new Failure('usage', `cannot write the state folder ${this.root}: ${messageOf(error)}`, [
        'Nothing was started. Free some space, fix the permissions, or choose another folder with --state-dir.',
      ]);
    }
    return folder;
  }

  /** Keeps the newest facts of a run, for `status`. */
  async saveFacts(id: string, facts: Facts): Promise<void> {
    await writeSynced(join(this.folder(id).path, 'facts.json'), `${JSON.stringify(facts, null, 1)}\n`);
  }

  /** The records of a run's journal; none where it has no journal. @throws Failure where that is damaged */
  async records(id: string): Promise<readonly JournalRecord[]> {
    const { journal } = this.folder(id);
    return readJournal(journal).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    });
  }

  /** The file that keeps one attempt's output. */
  log(id: string, node: string, step: string, attempt: number): string {
    return join(this.folder(id).path, 'logs', node, `${step}.${attempt}.log`);
  }

  /** Ids of all runs, newest first (an id begins with its time). */
  async ids(): Promise<string[]> {
    const names = await readdir(join(this.root, 'runs')).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw new Failure('usage', `cannot read the state folder ${this.root}: ${error.message}`);
    });
    return names.filter(isRunId).toSorted((a, b) => b.localeCompare(a));
  }

  /** @throws Failure when there is no such run, or its files are damaged. */
  async read(id: string): Promise<RunSummary> {
    const folder = this.folder(id);
    const present = await stat(folder.path).catch(() => undefined);
    if (!present) {
      const known = (await this.ids()).slice(0, 5);
      throw new Failure('usage', `no run ${id} in ${this.root}`, [
        known.length > 0 ? `The newest here: ${known.join(', ')}` : 'No runs are known here; is --state-dir right?',
      ]);
    }
    const text = await readFile(join(folder.path, 'plan.json')).catch((error: Error) => {
      throw new Failure('usage', `run ${id} has no readable plan.json: ${error.message}`, withoutPlan(id));
    });
    makeRoomFor(text.length);
    const plan = this.#planIn(folder, text);
    const bytes = await readFile(folder.journal).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    makeRoomFor(bytes.length);
    const { progress, misfit } = this.#journalIn(folder, plan, bytes);
    if (progress.run !== undefined && progress.run !== id)
      throw notThePlan(folder, `its journal is of run ${progress.run}`);
    if (progress.plan !== undefined && progress.plan !== plan.digest)
      throw notThePlan(folder, `its digest is ${plan.digest}, the run was started with ${progress.plan}`);
    requireFit(folder.journal, misfit);
    return { folder, plan, progress };
  }

  /**
   * Opens the journal of a run of that plan to continue it.
   * @returns with it what it states
   * @throws Failure as {@link openJournal}, and where a record cannot be of that run
   */
  async reopen(
    id: string,
    plan: Plan,
    now: () => number,
    onRecord: (line: string) => void,
  ): Promise<{ readonly journal: Journal; readonly progress: Progress }> {
    const folder = this.folder(id);
    const { journal, known } = await continueJournal(folder.journal, now, onRecord, (bytes) => {
      const read = this.#journalIn(folder, plan, bytes);
      requireFit(folder.journal, read.misfit);
      return read;
    });
    return { journal, progress: known.progress };
  }

  /** What a node that keeps all of the run has of it. @throws Failure as {@link read} */
  async wholeCopy(id: string): Promise<WholeCopy> {
    const { plan } = await this.read(id);
    const [read, known] = [this.#plan, this.#journal];
    // With the members in the order of the file, as they were when the nodes got it.
    const text = (this.#compact ??= JSON.stringify(read ? JSON.parse(read.text.toString()) : plan));
    return { plan: text, journal: known ? known.bytes.subarray(0, known.length) : Buffer.alloc(0) };
  }

  #planIn(folder: RunFolder, text: Buffer): Plan {
    if (this.#plan?.text.equals(text) === true) return this.#plan.plan;
    const parsed = parsePlan(text.toString());
    if ('problem' in parsed) throw notThePlan(folder, parsed.problem);
    this.#plan = { text, plan: parsed.plan };
    this.#compact = undefined;
    return parsed.plan;
  }

  #journalIn({ id, journal }: RunFolder, plan: Plan, bytes: Buffer): KnownJournal {
    const last = this.#journal;
    if (last?.id === id && last.plan.digest === plan.digest && last.bytes.equals(bytes)) return last;
    const [fold, fit] = [new ProgressFold(), new Fit(id, plan)];
    const end = scanJournal(journal, bytes, (record) => {
      fold.add(record);
      fit.add(record);
    });
    this.#journal = { ...end, id, bytes, plan, progress: fold.end(), misfit: fit.misfit };
    return this.#journal;
  }

  /** Ids of all runs that can be resumed; one that cannot be read counts too. */
  async unfinishedIds(): Promise<string[]> {
    const ids = await this.ids();
    const open = await Promise.all(
      ids.map(async (id) => {
        try {
          return isUnfinished((await this.read(id)).progress);
        } catch (error) {
          if (error instanceof Failure) return true;
          throw error;
        }
      }),
    );
    return ids.filter((_id, index) => open[index]);
  }

  /** The newest run that can be resumed, of all or of those that match. */
  async unfinished({ runbook, cluster, planDigest }: RunMatch = {}): Promise<RunSummary | undefined> {
    for (const id of await this.ids()) {
      const run = await this.read(id);
      if (!isUnfinished(run.progress)) continue;
      if (cluster !== undefined && run.plan.inventory.cluster !== cluster) continue;
      if (runbook !== undefined && run.plan.runbook.name !== runbook) continue;
      if (planDigest !== undefined && run.plan.digest !== planDigest) continue;
      return run;
    }
    return undefined;
  }
}

function notThePlan({ id, path }: RunFolder, problem: string): Failure {
  return new Failure('usage', `${join(path, 'plan.json')}: ${problem}`, withoutPlan(id));
}

/** What to do where the plan of a run cannot be had. */
function withoutPlan(id: string): string[] {
  return [
    'Nothing was done: a run continues only by the plan that it was started with.',
    `Restore the file from a copy, or let the nodes' copies rebuild the run: runbook resume ${id} -i INVENTORY --state-dir NEW`,
  ];
}

/** A run that began (its journal has a first record) and has neither finished nor been abandoned. */
export function isUnfinished(progress: Progress): boolean {
  return progress.run !== undefined && (progress.state === 'running' || progress.state === 'stopped');
}

/** The facts are written again and again; a report shows the versions before the run too. A rebuilt run keeps them. */
async function keepFirst(facts: string, first: string): Promise<void> {
  await copyFile(facts, first, constants.COPYFILE_EXCL).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Writes a whole file or nothing: temporary name, sync, rename, sync of the folder. */
export async function writeSynced(file: string, text: string): Promise<void> {
  await makeFolder(dirname(file));
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  const folder = await open(dirname(file), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
