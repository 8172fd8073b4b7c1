import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunStore, RunSummary } from '../journal/store.ts';
import { stepKey } from '../plan/key.ts';

/** The output of one attempt, as it came. */
export interface KeptOutput {
  readonly node: string;
  readonly step: string;
  readonly attempt: number;
  readonly path: string;
}

/** In the order of the plan; `step` is the beginning of an id. */
export async function listOutput(
  { folder, plan }: RunSummary,
  node: string | undefined,
  step: string | undefined,
): Promise<KeptOutput[]> {
  const order = plan.phases.flatMap((phase) => phase.steps).map((one) => stepKey(one.node, one.id));
  const placeOf = (file: KeptOutput): number => order.indexOf(stepKey(file.node, file.step));
  return (await listFiles(join(folder.path, 'logs')))
    .filter((file) => (node === undefined || file.node === node) && (step === undefined || file.step.startsWith(step)))
    .toSorted((a, b) => placeOf(a) - placeOf(b) || a.attempt - b.attempt);
}

/** Prints what is added until the journal states that the step has ended, or the run is no longer running. */
export async function follow(store: RunStore, id: string, file: KeptOutput): Promise<void> {
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

async function listFiles(folder: string): Promise<KeptOutput[]> {
  const nodes = await readdir(folder).catch(() => []);
  const found: KeptOutput[] = [];
  for (const node of nodes) {
    for (const name of await readdir(join(folder, node))) {
      const match = /^(.+)\.(\d+)\.log$/.exec(name);
      if (match) found.push({ node, step: match[1] ?? '', attempt: Number(match[2]), path: join(folder, node, name) });
    }
  }
  return found;
}
