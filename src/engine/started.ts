import type { PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';

/** Shows that an attempt of a step begins, or is followed again. */
export function showStarted(
  { emit }: Pick<RunContext, 'emit'>,
  step: PlannedStep,
  attempt = 1,
  reattached = false,
): void {
  const { ref, commands, timeout } = step;
  emit({ type: 'step-started', ...ref, attempt, commands, reattached, ...(timeout > 0 && { limit: timeout }) });
}
