import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { interleaved, median, timed } from './sample.ts';

const run = promisify(execFile);

export interface StartUp {
  /** Medians in milliseconds. */
  readonly node: number;
  readonly runbook: number;
}

export async function measureStartUp(): Promise<StartUp> {
  const cli = new URL('../../dist/cli.js', import.meta.url).pathname;
  const samples = await interleaved(15, {
    node: async () => timed(async () => run(process.execPath, ['-e', '0'])),
    runbook: async () => timed(async () => run(process.execPath, [cli, '--version'])),
  });
  return { node: median(samples.node), runbook: median(samples.runbook) };
}
