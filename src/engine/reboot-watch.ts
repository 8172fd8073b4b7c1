import type { PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';

/** Milliseconds between two looks at the link, and without an answer until it is given up for the first time. */
const LOOK = 2500;
const SILENCE = 10_000;
const LONGEST_SILENCE = 60_000;

/**
 * Does `work` of a step that reboots its host. The link to a machine that went down without a farewell stays silent
 * until keepalives end it: one that owes an answer is given up sooner, so that the node is found when it is back.
 */
export async function whileRebooting<T>(
  { clock, links }: Pick<RunContext, 'clock' | 'links'>,
  step: PlannedStep,
  host: string,
  work: () => Promise<T>,
): Promise<T> {
  if (step.action.reboots !== true) return work();
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    for (let silence = SILENCE; ;) {
      await clock.sleep(LOOK, over.signal);
      if (over.signal.aborted) return;
      // A node that is only slow gets more time after each redial.
      if (await links.dropSilent(host, silence)) silence = Math.min(silence * 2, LONGEST_SILENCE);
    }
  };
  void watch();
  try {
    return await work();
  } finally {
    over.abort();
  }
}
