import type { Command } from 'commander';
import type { Run } from '../run/options.ts';
import { define as defineWorker } from './fleet/worker.ts';

export function define(command: Command, run: Run): void {
  defineWorker(
    command
      .command('worker')
      .description('run the clusters of one site for fleets in a database, where their nodes can be reached')
      .usage('[options]'),
    run,
  );
}
