import { stepKey } from '../../plan/key.ts';
import type { Fault, Faults } from '../../render/faults-data.ts';
import { FAULTS_VERSION } from '../../render/faults-data.ts';
import { generator } from './generator.ts';
import { MISFORTUNES } from './list.ts';
import type { Misfortune } from './misfortune.ts';
import { targetsOf } from './places.ts';
import { type FaultStage, Theatre } from './stage.ts';
import { type Left, tryMisfortune } from './trial.ts';

/**
 * The rehearsal again with each misfortune that the plan has a place for.
 * @param onFault called with each row as soon as it is known
 */
export async function rehearseFaults(
  stage: FaultStage,
  seed: number,
  {
    misfortunes = MISFORTUNES,
    onLeft = async () => undefined,
    onFault = () => undefined,
  }: {
    readonly misfortunes?: readonly Misfortune[];
    /** The twin is as a misfortune left it. */
    readonly onLeft?: (left: Left) => Promise<void>;
    readonly onFault?: (fault: Fault, done: number, of: number) => void;
  } = {},
): Promise<Faults> {
  const targets = targetsOf(stage.plan, misfortunes, generator(seed));
  const theatre = new Theatre(stage);
  const keyOf = ({ step }: (typeof targets)[number]): string => stepKey(step.node, step.id);
  const { checkpoints } = await theatre.undisturbed(new Set(targets.map(keyOf)));
  const rows: Fault[] = [];
  for (const [index, target] of targets.entries()) {
    const checkpoint = checkpoints.get(keyOf(target));
    const row = checkpoint && (await tryMisfortune(theatre, target, checkpoint, onLeft));
    if (!row) continue;
    rows.push(row);
    onFault(row, index + 1, targets.length);
  }
  const tried = new Set(rows.map(({ name }) => name));
  const without = misfortunes.filter(({ name }) => !tried.has(name)).map(({ name }) => name);
  return { version: FAULTS_VERSION, seed, rows, without };
}
