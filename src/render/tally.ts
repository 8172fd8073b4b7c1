import type { EventOf } from './event-lines.ts';

/** The parts of a run that every renderer keeps count of. */
export class Tally {
  run: string | undefined;
  runbook = 'run';
  steps = 0;
  done = 0;

  started(event: EventOf<'run-started'>): void {
    this.run = event.run;
    this.runbook = event.runbook;
    this.steps = event.steps;
    this.done = event.done;
  }

  finished(): void {
    this.done += 1;
  }
}
