import type { AttemptLog } from './attempt-log.ts';
import type { ChildEnd } from './child.ts';
import type { Standing } from './standing.ts';

/** How an attempt ended. `stopped` and `left`: it has not, and another one with the same number continues. */
export interface ClusterEnd {
  readonly outcome: 'done' | 'failed' | 'stopped' | 'left';
  /** Why; empty where it is done. */
  readonly reason: string;
}

/** What is known at the end of a process. */
interface Ended {
  readonly end: ChildEnd;
  /** What it printed. */
  readonly log: AttemptLog;
  /** Where its run stands now. */
  readonly standing: Standing;
  /** Its command was `resume`, not `apply`. */
  readonly isResume: boolean;
  /** Its plan has a window. */
  readonly hasWindow: boolean;
  /** It was asked to stop. */
  readonly isStopped: boolean;
}

/** What follows: the attempt ends; or its run is looked at again, at once, after a wait or as its window opens. */
export type Verdict =
  { readonly next: 'end'; readonly end: ClusterEnd } | { readonly next: 'look' | 'wait' | 'window' };

/** Processes that die one after the other, before no further one is started. */
const DEATHS = 3;
/** Times that nodes may not be reached to continue a run. They may still be busy with what an earlier process left. */
const MISSES = 5;

/** Judges the ends of the processes of one attempt, one after the other. */
export class AttemptJudge {
  readonly #elsewhere: boolean;
  #deaths = 0;
  #misses = 0;
  #asked = false;
  /** An `apply` was refused after the nodes were asked. */
  #refused = false;

  /** @param elsewhere its run may be known to the nodes alone */
  constructor(elsewhere: boolean) {
    this.#elsewhere = elsewhere;
  }

  /** The nodes were asked, and know no run of this plan that is not over. */
  get asked(): boolean {
    return this.#asked;
  }

  judge(ended: Ended): Verdict {
    const { end, standing } = ended;
    if (standing.kind === 'done') return DONE;
    if (end.problem !== undefined) return failed(`cannot be started: ${end.problem}`);
    if (end.code === undefined) {
      this.#deaths += 1;
      if (this.#deaths < DEATHS) return LOOK;
      return failed(`its process was ended by ${end.signal ?? 'a signal'} ${DEATHS} times`);
    }
    this.#deaths = 0;
    return this.#judgeCode(end.code, ended);
  }

  #judgeCode(code: number, ended: Ended): Verdict {
    const { log, isResume, isStopped } = ended;
    switch (code) {
      case 0:
        return this.#endedWell(ended);
      case 4:
        // Who holds it may be another worker's process for this very run.
        this.#asked = false;
        return { next: 'wait' };
      case 5:
        this.#misses += 1;
        if (!isResume || this.#misses > MISSES) return { next: 'end', end: failedBy(log, code) };
        return { next: 'wait' };
      case 130:
        if (isStopped) return { next: 'end', end: { outcome: 'stopped', reason: '' } };
        return failed('its process was interrupted');
      default:
        if (this.#mayContinue(code, ended)) return LOOK;
        return { next: 'end', end: failedBy(log, code) };
    }
  }

  /** It paused for its window, or there was nothing to continue. */
  #endedWell({ log, isResume, hasWindow }: Ended): Verdict {
    if (log.nothing === 'done') return DONE;
    if (isResume && !this.#asked && log.nothing !== undefined) {
      this.#asked = true;
      return LOOK;
    }
    return hasWindow ? { next: 'window' } : { next: 'end', end: failedBy(log, 0) };
  }

  /** A process that failed before it had a run, for what another one does or did. */
  #mayContinue(code: number, { log, standing, isResume }: Ended): boolean {
    if (log.run !== undefined) return false;
    if (isResume) {
      // Nodes know no run, and a process was killed here before its run began: it had changed nothing.
      if (code !== 1 || this.#asked) return false;
      this.#asked = true;
      return true;
    }
    // It was begun by another process, while this one read facts.
    if (standing.kind === 'unfinished' || standing.kind === 'held') return true;
    // Or by a process elsewhere, which the nodes know by now; even its end looks like a plan that is out of date.
    if (!this.#elsewhere || this.#refused) return false;
    this.#refused = true;
    this.#asked = false;
    return true;
  }
}

const DONE: Verdict = { next: 'end', end: { outcome: 'done', reason: '' } };
const LOOK: Verdict = { next: 'look' };

function failed(reason: string): Verdict {
  return { next: 'end', end: { outcome: 'failed', reason } };
}

/** By what its process printed, else by its exit code. */
export function failedBy({ reason }: AttemptLog, code?: number): ClusterEnd {
  const without = code === undefined ? 'it did not come to its end' : `its process ended with exit code ${code}`;
  return { outcome: 'failed', reason: reason === '' ? without : reason };
}
