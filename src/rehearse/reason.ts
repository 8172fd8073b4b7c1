import type { NewEvent } from '../event.ts';
import type { Finding } from '../guards/guard.ts';
import type { RunResult } from '../engine/run.ts';

/** Why a run on the twin ended so: of a refusal the engine says only that guards refuse, what they say is in its events. */
export function reasonOf(
  { outcome, reason }: Pick<RunResult, 'outcome' | 'reason'>,
  events: readonly NewEvent[],
): string {
  return outcome === 'refused' ? (lastRefusal(events)?.summary ?? reason) : reason;
}

export function lastRefusal(events: readonly NewEvent[]): Finding | undefined {
  return events
    .flatMap((event) => (event.type === 'finding' ? [event.finding] : []))
    .findLast(({ severity }) => severity === 'refuse');
}
