import { type BoundStep, stepOf } from '../../actions/bound-step.ts';
import { drain, type DrainOptions } from '../../actions/drain.ts';
import type { Finding, GuardInput } from '../guard.ts';

export type DrainStep = BoundStep<DrainOptions>;

/** What is found about the drain that is about to happen; nothing before any other step. */
export function ofDrain(
  input: GuardInput,
  judge: (input: GuardInput, step: DrainStep) => readonly Finding[],
): readonly Finding[] {
  const step = stepOf(input.step, drain);
  return step ? judge(input, step) : [];
}
