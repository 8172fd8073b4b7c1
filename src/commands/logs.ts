import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { stepKey } from '../plan/key.ts';
import { RunStore } from '../journal/store.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, stateDir } from '../run/options.ts';

export interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
}

interface LogFile {
  readonly node: string;
  readonly step: string;
  readonly attempt: number;
  readonly path: string;
}

export function logs(
  id: string,
  node: string | undefined,
  step: string | undefined,
  options: LogsOptions,
): Promise<number> {
  return withConsole(options, 'stderr', () => printLogs(id, node, step, options));
}

async function printLogs(
  id: string,
  node: string | undefined,
  step: string | undefined,
  options: LogsOptions,
): Promise<number> {
  const store = new RunStore(stateDir(options));
  const run = await store.read(id);
  const order = run.plan.phases.flatMap((phase) => phase.steps).map((one) => stepKey(one.node, one.id));
  const files = (await listLogs(join(run.folder.path, 'logs')))
    .filter((file) => (node === undefined || file.node === node) && (step === undefined || file.step.startsWith(step)))
    .toSorted(
      (a, b) =>
        order.indexOf(stepKey(a.node, a.step)) - order.indexOf(stepKey(b.node, b.step)) || a.attempt - b.attempt,
    );
  if (files.length === 0) {
    const what = [node, step].filter((word) => word !== undefined).join(' ');
    throw new Failure('usage', `run ${id} has kept no output${what === '' ? '' : ` of ${what}`}`, [
      'The nodes and step ids: `runbook status -v`.',
    ]);
  }
  for (const file of files) {
    if (files.length > 1) process.stdout.write(`==> ${file.node} ${file.step} (attempt ${file.attempt}) <==\n`);
    await pipeline(createReadStream(file.path), process.stdout, { end: false });
  }
  const last = files.at(-1);
  if (options.follow === true && last) await follow(store, id, last);
  return 0;
}

/** Prints what is added until the journal says that the step has ended, or the run is not running any more. */
async function follow(store: RunStore, id: string, file: LogFile): Promise<void> {
  const handle = await open(file.path, 'r');
  try {
    let offset = (await handle.stat()).size;
    for (let last = false; !last;) {
      const { progress } = await store.read(id);
      const step = progress.steps.get(stepKey(file.node, file.step));
      last = step?.last?.ended !== undefined || step?.outcome !== undefined || progress.state !== 'running';
      for (;;) {
        const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(65_536), position: offset });
        if (bytesRead === 0) break;
        offset += bytesRead;
        process.stdout.write(buffer.subarray(0, bytesRead));
      }
      if (!last) await wait(300);
    }
  } finally {
    await handle.close();
  }
}

async function listLogs(folder: string): Promise<LogFile[]> {
  const nodes = await readdir(folder).catch(() => []);
  const found: LogFile[] = [];
  for (const node of nodes) {
    for (const name of await readdir(join(folder, node))) {
      const match = /^(.+)\.(\d+)\.log$/.exec(basename(name));
      if (match) found.push({ node, step: match[1] ?? '', attempt: Number(match[2]), path: join(folder, node, name) });
    }
  }
  return found;
}
