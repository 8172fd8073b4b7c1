import type { Outcome, StepRef } from '../event.ts';
import type { EventOf } from './event-lines.ts';
import { noOutcomes, type OutcomeCounts } from './outcome.ts';

/** The parts of a run that every renderer keeps count of. */
export class Tally {
  run: string | undefined;
  runbook = 'run';
  steps = 0;
  done = 0;
  /** What ran on each node, by its name. */
  readonly nodes = new Map<string, OutcomeCounts>();

  started(event: EventOf<'run-started'>): void {
    this.run = event.run;
    this.runbook = event.runbook;
    this.steps = event.steps;
    this.done = event.done;
  }

  finished(event: StepRef & { readonly outcome: Outcome }): void {
    this.done += 1;
    const counts = this.nodes.get(event.node) ?? noOutcomes();
    counts[event.outcome] += 1;
    this.nodes.set(event.node, counts);
  }
}
