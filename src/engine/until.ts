import type { Verdict } from '../actions/action.ts';
import type { PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';
import { isTrouble } from './trouble.ts';

/**
 * Looks again until the verdict is true, for at most `limit` milliseconds, and shows each new reason. Trouble with
 * looking is such a reason; a bug is thrown. @returns the last verdict; undefined: the signal aborted before
 */
export async function until(
  context: Pick<RunContext, 'clock' | 'emit'>,
  step: Pick<PlannedStep, 'ref'>,
  limit: number,
  signal: AbortSignal,
  look: () => Promise<Verdict>,
): Promise<Verdict | undefined> {
  const { clock, emit } = context;
  const deadline = clock.now() + limit;
  const pause = pauses();
  for (let last = ''; ;) {
    const verdict = await look().catch(asReason);
    if (verdict.done || clock.now() >= deadline) return verdict;
    if (verdict.reason !== last) emit({ type: 'step-progress', ...step.ref, message: verdict.reason });
    last = verdict.reason;
    await clock.sleep(pause.next().value, signal);
    if (signal.aborted) return undefined;
  }
}

function asReason(error: unknown): Verdict {
  if (!isTrouble(error)) throw error;
  return { done: false, reason: error.message };
}

/**
 * Pauses between two looks, in milliseconds: each is about a tenth of the wait so far, so that what comes soon is
 * seen soon, and at most 2 s.
 */
function* pauses(): Generator<number, never> {
  for (let pause = 250; ; pause = Math.min(pause * 1.1, 2000)) yield Math.round(pause);
}
