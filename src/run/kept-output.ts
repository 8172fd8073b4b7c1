import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunStore, RunSummary } from '../journal/store.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
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
  const order = new Map(stepsOfPlan(plan).map((one, index) => [stepKey(one.node, one.id), index]));
  const placeOf = (file: KeptOutput): number => order.get(stepKey(file.node, file.step)) ?? -1;
  return (await listFiles(join(folder.path, 'logs')))
    .filter((file) => (node === undefined || file.node === node) && (step === undefined || file.step.startsWith(step)))
    .toSorted((a, b) => placeOf(a) - placeOf(b) || a.attempt - b.attempt);
}

/**
 * What the files hold, each under a heading where there are several. With `isOver` the last one is followed: what is
 * added to it comes too, until that says that nothing more will be.
 */
export async function* readOutput(
  files: readonly KeptOutput[],
  isOver?: () => Promise<boolean>,
): AsyncGenerator<Buffer> {
  let end: number | undefined;
  for (const [index, { node, step, attempt, path }] of files.entries()) {
    const heading = `==> ${node} ${step} (attempt ${attempt}) <==\n`;
    if (files.length > 1) yield Buffer.from(end === undefined || end === NEWLINE ? heading : `\n${heading}`);
    for await (const chunk of readFile(path, index === files.length - 1 ? isOver : undefined)) {
      end = chunk.at(-1);
      yield chunk;
    }
  }
}

const NEWLINE = 10;

/** Characters of a line that are held back until it ends; a longer line comes in parts. */
const LONGEST = 65_536;

/** The lines of one file; with `isOver` it is followed. */
export async function* readLines({ path }: KeptOutput, isOver?: () => Promise<boolean>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let open = '';
  for await (const chunk of readFile(path, isOver)) {
    const lines = `${open}${decoder.write(chunk)}`.split('\n');
    open = lines.pop() ?? '';
    yield* lines;
    if (open.length < LONGEST) continue;
    yield open;
    open = '';
  }
  const rest = `${open}${decoder.end()}`;
  if (rest !== '') yield rest;
}

/** True once the journal states that the step has ended, or the run is no longer running. */
export async function hasEnded(store: RunStore, id: string, file: KeptOutput): Promise<boolean> {
  const { progress } = await store.read(id);
  const step = progress.steps.get(stepKey(file.node, file.step));
  return step?.last?.ended !== undefined || step?.outcome !== undefined || progress.state !== 'running';
}

async function* readFile(path: string, isOver?: () => Promise<boolean>): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r');
  try {
    let offset = 0;
    for (;;) {
      // Asked before reading: what was written before the end is read after it is known.
      const last = isOver === undefined || (await isOver());
      for (;;) {
        const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(65_536), position: offset });
        if (bytesRead === 0) break;
        offset += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
      if (last) return;
      await wait(300);
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
