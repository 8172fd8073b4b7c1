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
  /** Nodes with a step that failed and ended the work on them, or of unknown outcome. */
  readonly notDone = new Set<string>();
  /** Steps that failed without that, as `node/step`. */
  readonly continued: string[] = [];

  started(event: EventOf<'run-started'>): void {
    this.run = event.run;
    this.runbook = event.runbook;
    this.steps = event.steps;
    this.done = event.done;
  }

  finished(event: StepRef & { readonly outcome: Outcome; readonly continued?: true }): void {
    this.done += 1;
    const counts = this.nodes.get(event.node) ?? noOutcomes();
    counts[event.outcome] += 1;
    this.nodes.set(event.node, counts);
    if (event.continued === true) this.continued.push(`${event.node}/${event.step}`);
    else if (event.outcome === 'failed' || event.outcome === 'unknown') this.notDone.add(event.node);
  }
}
