import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../engine/clock.ts';
import { openingAt } from '../engine/window.ts';
import { Failure } from '../failure.ts';
import { describeHolder, lifeOf, type LockHolder } from '../journal/lock.ts';
import { RunStore } from '../journal/store.ts';
import { makeFolder } from '../make-folder.ts';
import type { PlanWindow } from '../plan/pace.ts';
import { parsePlan } from '../plan/plan.ts';
import { type AttemptLog, readAttemptLog } from './attempt-log.ts';
import { type ChildEnd, startChild } from './child.ts';
import type { FleetCluster } from './plan.ts';
import { RunsByPlan } from './runs-by-plan.ts';
import { type Standing, standingOf } from './standing.ts';

export interface RunnerOptions {
  /** Words before those of a command: Node and the program. */
  readonly program: readonly string[];
  /** Absolute. */
  readonly stateDir: string;
  readonly clock: Clock;
  /** Milliseconds between two looks at what another process does. */
  readonly every: number;
}

/** One attempt at the run of one cluster. */
export interface ClusterTask {
  readonly cluster: Pick<FleetCluster, 'name' | 'cluster' | 'inventory' | 'plan'>;
  /** The file of its frozen plan. */
  readonly plan: string;
  readonly attempt: number;
  /** For what its processes print: `attempt-N.events.jsonl`, `attempt-N.err`. Made where it is missing. */
  readonly folder: string;
  /** It may have run from another state folder: where this one knows no run of its plan, its nodes are asked first. */
  readonly elsewhere: boolean;
  /** Names of steps that ask for approval, and are approved. */
  readonly approve: readonly string[];
  /**
   * The folder from which its runbook has the name that is in the plan, where the plan was made on another machine; its
   * inventory is not where the plan says either.
   */
  readonly cwd?: string;
}

export interface RunnerHooks {
  /** Its run ends after the step that runs. */
  readonly stop: AbortSignal;
  /** It is left alone, and lives on. */
  readonly leave: AbortSignal;
  /** Called once its run is known, again where it is another. */
  readonly onRun: (run: string) => void;
  /** What it waits for, for people; empty: nothing any more. */
  readonly onWait: (text: string) => void;
}

/** How an attempt ended. `stopped` and `left`: it has not, and another one with the same number continues. */
export interface ClusterEnd {
  readonly outcome: 'done' | 'failed' | 'stopped' | 'left';
  /** Why; empty where it is done. */
  readonly reason: string;
}

/** Processes that die one after the other, before no further one is started. */
const DEATHS = 3;
/** Times that nodes may not be reached to continue a run. They may still be busy with what an earlier process left. */
const MISSES = 5;

/**
 * Brings the runs of clusters to their ends, each in a process of its own, wherever an earlier process left it: what
 * the state folder and the nodes know of a run decides how it continues, never what this one remembers.
 */
export class ClusterRunner {
  readonly #options: RunnerOptions;
  readonly #store: RunStore;
  readonly #runs: RunsByPlan;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#store = new RunStore(options.stateDir);
    this.#runs = new RunsByPlan(this.#store);
  }

  /** Never throws but for a bug: what goes wrong is the attempt's end. */
  async bringToEnd(task: ClusterTask, hooks: RunnerHooks): Promise<ClusterEnd> {
    try {
      await makeFolder(task.folder);
      return await new Attempt(this.#options, this.#store, this.#runs, task, hooks).end();
    } catch (error) {
      if (!(error instanceof Failure) && !(error instanceof Error && 'code' in error)) throw error;
      return { outcome: 'failed', reason: error.message };
    }
  }
}

type Unfinished = Extract<Standing, { kind: 'unfinished' }>;

/** What one attempt has come to. */
class Attempt {
  readonly #options: RunnerOptions;
  readonly #store: RunStore;
  readonly #runs: RunsByPlan;
  readonly #task: ClusterTask;
  readonly #hooks: RunnerHooks;
  readonly #events: string;
  /** Of its plan. */
  #window: PlanWindow | undefined;
  #run: string | undefined;
  #deaths = 0;
  #misses = 0;
  /** The nodes were asked, and know no run of this plan that is not over. */
  #asked = false;
  /** An `apply` was refused after that. */
  #refused = false;
  /** Ids of the locks of processes that an earlier driver started, and that were interrupted. */
  readonly #interrupted = new Set<string>();
  /** It paused while its window was open: it continues in the next one. */
  #pausedAt: number | undefined;

  constructor(options: RunnerOptions, store: RunStore, runs: RunsByPlan, task: ClusterTask, hooks: RunnerHooks) {
    this.#options = options;
    this.#store = store;
    this.#runs = runs;
    this.#task = task;
    this.#hooks = hooks;
    this.#events = join(task.folder, `attempt-${task.attempt}.events.jsonl`);
  }

  async end(): Promise<ClusterEnd> {
    this.#window = await this.#windowOfPlan();
    for (;;) {
      const standing = await this.#look();
      const { stop, leave } = this.#hooks;
      if (standing.kind === 'done') return { outcome: 'done', reason: '' };
      if (leave.aborted) return { outcome: 'left', reason: '' };
      if (standing.kind === 'held') {
        const isOurs = await this.#isOfThisAttempt(standing.holder);
        // What else runs on this cluster is not stopped with the fleet.
        if (stop.aborted && !isOurs) return { outcome: 'stopped', reason: '' };
        await this.#waitFor(standing.holder, isOurs);
        continue;
      }
      const verdict = await this.#verdictOf(standing);
      if (verdict) return verdict;
      if (stop.aborted) return { outcome: 'stopped', reason: '' };
      if (await this.#waitForWindow()) continue;
      const end = await this.#perform(this.#commandFor(standing));
      if (end) return end;
    }
  }

  async #look(): Promise<Standing> {
    const standing = await standingOf(this.#store, this.#runs, this.#task.cluster);
    if ('run' in standing && standing.run !== undefined && standing.run !== this.#run) {
      this.#run = standing.run;
      this.#hooks.onRun(standing.run);
    }
    return standing;
  }

  /** A plan that is not the one that the fleet's says is no consent. @throws Failure */
  async #windowOfPlan(): Promise<PlanWindow | undefined> {
    const { plan: file, cluster } = this.#task;
    const text = await readFile(file, 'utf8');
    const parsed = parsePlan(text);
    if ('problem' in parsed) throw new Failure('document', `${file}: ${parsed.problem}`);
    if (parsed.plan.digest !== cluster.plan)
      throw new Failure('document', `${file} is another plan than the fleet's: its digest is ${parsed.plan.digest}`);
    return parsed.plan.window;
  }

  /** What an earlier process of this attempt came to, before it could be recorded. */
  async #verdictOf(standing: Standing): Promise<ClusterEnd | undefined> {
    const log = await readAttemptLog(this.#events);
    if (standing.kind === 'closed' && log.run === standing.run) return { outcome: 'failed', reason: standing.reason };
    if (standing.kind === 'unfinished' && (log.ended === 'failed' || log.ended === 'refused')) return failed(log);
    return undefined;
  }

  async #waitFor(holder: LockHolder, isOurs: boolean): Promise<void> {
    const { stop, onWait } = this.#hooks;
    if (stop.aborted && !this.#interrupted.has(holder.id)) {
      this.#interrupted.add(holder.id);
      await interrupt(holder);
    }
    onWait(isOurs ? '' : `another run is at work on it: ${describeHolder(holder).join('')}`);
    // Once stopped, what runs is waited for.
    await this.#sleep(this.#options.every, !stop.aborted);
    onWait('');
  }

  /** A process that works on the run of this plan, or that plans one without being another's: what an earlier driver left. */
  async #isOfThisAttempt({ run }: LockHolder): Promise<boolean> {
    return run === '' || (await this.#runs.of(this.#task.cluster.plan)).includes(run);
  }

  /** @returns whether it had to wait */
  async #waitForWindow(): Promise<boolean> {
    const window = this.#window;
    if (!window) return false;
    const { clock } = this.#options;
    const now = clock.now();
    const opening = openingAt(window, now);
    const paused = this.#pausedAt;
    const isUsed = paused !== undefined && paused >= opening.from && paused < opening.to;
    const from = isUsed ? openingAt(window, opening.to).from : opening.from;
    if (from <= now) return false;
    this.#hooks.onWait(`its window opens at ${new Date(from).toISOString()}`);
    await this.#sleep(from - now, true);
    this.#hooks.onWait('');
    return true;
  }

  #commandFor(standing: Exclude<Standing, { kind: 'held' | 'done' }>): readonly string[] {
    const { cluster, plan, elsewhere, approve, cwd } = this.#task;
    const named = cwd === undefined ? [] : ['-i', cluster.inventory];
    const isOnNodes = standing.kind === 'none' && elsewhere && !this.#asked;
    const begin =
      standing.kind === 'unfinished'
        ? ['resume', standing.run, ...named]
        : isOnNodes
          ? ['resume', '-i', cluster.inventory]
          : ['apply', plan, ...named];
    return [
      ...begin,
      '--plan-digest',
      cluster.plan,
      '--yes',
      '--output',
      'json',
      '--state-dir',
      this.#options.stateDir,
      ...approve.flatMap((step) => ['--approve', step]),
    ];
  }

  /** @returns how the attempt ended; undefined: look again */
  async #perform(words: readonly string[]): Promise<ClusterEnd | undefined> {
    const { program } = this.#options;
    const { stop, leave } = this.#hooks;
    const { folder, attempt, cwd } = this.#task;
    const from = await sizeOf(this.#events);
    const err = join(folder, `attempt-${attempt}.err`);
    const child = await startChild([...program, ...words], this.#events, err, cwd);
    const ended = new AbortController();
    stop.addEventListener('abort', child.interrupt, { signal: ended.signal, once: true });
    if (stop.aborted) child.interrupt();
    const followed = this.#follow(ended.signal);
    const end = await Promise.race([child.ended, aborted(leave, ended.signal)]);
    ended.abort();
    await followed;
    if (end === 'left') {
      child.leave();
      return { outcome: 'left', reason: '' };
    }
    return this.#judge(end, words[0] === 'resume', from);
  }

  /** Until its run is known. */
  async #follow(ended: AbortSignal): Promise<void> {
    const known = this.#run;
    while (!ended.aborted && this.#run === known) {
      await this.#options.clock.sleep(this.#options.every, ended);
      await this.#look().catch(() => undefined);
    }
  }

  async #judge(end: ChildEnd, isResume: boolean, from: number): Promise<ClusterEnd | undefined> {
    const log = await readAttemptLog(this.#events, from);
    const standing = await this.#look();
    if (standing.kind === 'done') return { outcome: 'done', reason: '' };
    if (end.problem !== undefined) return { outcome: 'failed', reason: `cannot be started: ${end.problem}` };
    if (end.code === undefined) {
      this.#deaths += 1;
      if (this.#deaths < DEATHS) return undefined;
      return { outcome: 'failed', reason: `its process was ended by ${end.signal ?? 'a signal'} ${DEATHS} times` };
    }
    this.#deaths = 0;
    switch (end.code) {
      case 0:
        return this.#endedWell(log, isResume);
      case 4:
        await this.#waitAfter(log);
        // Who holds it may be another worker's process for this very run.
        this.#asked = false;
        return undefined;
      case 5:
        this.#misses += 1;
        if (!isResume || this.#misses > MISSES) return failed(log, end.code);
        await this.#waitAfter(log);
        return undefined;
      case 130:
        if (this.#hooks.stop.aborted) return { outcome: 'stopped', reason: '' };
        return { outcome: 'failed', reason: 'its process was interrupted' };
      default:
        // Nodes know no run, and a process was killed here before its run began: it had changed nothing.
        if (isResume && end.code === 1 && log.run === undefined && !this.#asked) {
          this.#asked = true;
          return undefined;
        }
        // It was begun by another process, while this one read facts.
        if (!isResume && isOpen(standing) && log.run === undefined) return undefined;
        if (!isResume && this.#task.elsewhere && log.run === undefined && !this.#refused) {
          // Or by a process elsewhere, which the nodes know by now; even its end looks like a plan that is out of date.
          this.#refused = true;
          this.#asked = false;
          return undefined;
        }
        return failed(log, end.code);
    }
  }

  async #waitAfter({ reason }: AttemptLog): Promise<void> {
    this.#hooks.onWait(reason);
    await this.#sleep(this.#options.every, true);
    this.#hooks.onWait('');
  }

  /** It paused for its window, or there was nothing to continue. */
  #endedWell(log: AttemptLog, isResume: boolean): ClusterEnd | undefined {
    if (log.nothing === 'done') return { outcome: 'done', reason: '' };
    if (isResume && !this.#asked && log.nothing !== undefined) {
      this.#asked = true;
      return undefined;
    }
    if (!this.#window) return failed(log, 0);
    this.#pausedAt = this.#options.clock.now();
    return undefined;
  }

  /** Ends early where the attempt is to be left, or stopped and `isStoppable`. */
  async #sleep(ms: number, isStoppable: boolean): Promise<void> {
    const { stop, leave } = this.#hooks;
    await this.#options.clock.sleep(ms, isStoppable ? AbortSignal.any([stop, leave]) : leave);
  }
}

function isOpen(standing: Standing): standing is Unfinished {
  return standing.kind === 'unfinished' || standing.kind === 'held';
}

function failed({ reason }: AttemptLog, code?: number): ClusterEnd {
  const without = code === undefined ? 'it did not come to its end' : `its process ended with exit code ${code}`;
  return { outcome: 'failed', reason: reason === '' ? without : reason };
}

async function interrupt(holder: LockHolder): Promise<void> {
  if ((await lifeOf(holder)) !== 'alive') return;
  try {
    process.kill(holder.pid, 'SIGINT');
  } catch {
    // It ended meanwhile.
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

function aborted(signal: AbortSignal, over: AbortSignal): Promise<'left'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('left');
    signal.addEventListener('abort', () => resolve('left'), { signal: over, once: true });
  });
}
