import type { Journal } from '../journal/journal.ts';
import type { BoundPhase } from '../plan/bind.ts';
import { isDue, type Takes } from '../plan/estimate.ts';
import { stepKey } from '../plan/key.ts';
import type { SimulatedTime } from './ground.ts';

/**
 * A journal in which steps that only wait take as long as earlier runs measured: what they wait for comes at once on a
 * twin.
 * @param measured milliseconds; undefined where none did
 */
export function awaitedAsMeasured(
  time: SimulatedTime,
  phases: readonly BoundPhase[],
  measured: (...step: Parameters<Takes>) => number | undefined,
): (journal: Journal) => Journal {
  const takes = new Map<string, number>();
  for (const { key, script, planned } of phases.flatMap(({ steps }) => steps))
    if (script === undefined && isDue(planned)) takes.set(key, measured(planned) ?? 0);
  return (journal) => ({
    append: async (body) => {
      if (body.type !== 'step-finished' || body.outcome !== 'unchanged') return journal.append(body);
      const left = (takes.get(stepKey(body.node, body.step)) ?? 0) - body.duration;
      if (left <= 0) return journal.append(body);
      await time.sleep(left);
      return journal.append({ ...body, duration: body.duration + left });
    },
    close: () => journal.close(),
  });
}
