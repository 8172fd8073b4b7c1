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
import { attemptCommand, type ClusterTask } from './attempt-command.ts';
import { AttemptJudge, type ClusterEnd, failedBy } from './attempt-judge.ts';
import { readAttemptLog } from './attempt-log.ts';
import { type ChildEnd, startChild } from './child.ts';
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

/** What one attempt has come to. */
class Attempt {
  readonly #options: RunnerOptions;
  readonly #store: RunStore;
  readonly #runs: RunsByPlan;
  readonly #task: ClusterTask;
  readonly #hooks: RunnerHooks;
  readonly #events: string;
  readonly #judge: AttemptJudge;
  /** Of its plan. */
  #window: PlanWindow | undefined;
  #run: string | undefined;
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
    this.#judge = new AttemptJudge(task.elsewhere);
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
      const end = await this.#perform(attemptCommand(standing, this.#task, this.#options.stateDir, this.#judge.asked));
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
    if (standing.kind === 'unfinished' && (log.ended === 'failed' || log.ended === 'refused')) return failedBy(log);
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
    return this.#after(end, words[0] === 'resume', from);
  }

  /** Until its run is known. */
  async #follow(ended: AbortSignal): Promise<void> {
    const known = this.#run;
    while (!ended.aborted && this.#run === known) {
      await this.#options.clock.sleep(this.#options.every, ended);
      await this.#look().catch(() => undefined);
    }
  }

  /** @returns how the attempt ended; undefined: look again */
  async #after(end: ChildEnd, isResume: boolean, from: number): Promise<ClusterEnd | undefined> {
    const log = await readAttemptLog(this.#events, from);
    const standing = await this.#look();
    const { onWait, stop } = this.#hooks;
    const hasWindow = this.#window !== undefined;
    const verdict = this.#judge.judge({ end, log, standing, isResume, hasWindow, isStopped: stop.aborted });
    switch (verdict.next) {
      case 'end':
        return verdict.end;
      case 'look':
        return undefined;
      case 'wait':
        onWait(log.reason);
        await this.#sleep(this.#options.every, true);
        onWait('');
        return undefined;
      case 'window':
        this.#pausedAt = this.#options.clock.now();
        return undefined;
    }
  }

  /** Ends early where the attempt is to be left, or stopped and `isStoppable`. */
  async #sleep(ms: number, isStoppable: boolean): Promise<void> {
    const { stop, leave } = this.#hooks;
    await this.#options.clock.sleep(ms, isStoppable ? AbortSignal.any([stop, leave]) : leave);
  }
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
