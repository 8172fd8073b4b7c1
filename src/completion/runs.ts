import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunId } from '../journal/run-id.ts';

/** How many of the newest runs are looked into. */
const MOST_READ = 50;

/** Bytes at the end of a journal that hold its last record. */
const TAIL = 16_384;

/** The ids of runs in a state folder, newest first; none where it cannot be read. */
export async function runIds(stateDir: string): Promise<string[]> {
  const names = await list(join(stateDir, 'runs'));
  return names.filter(isRunId).toSorted((a, b) => b.localeCompare(a));
}

/** Those that `resume` can continue, as their journals end; one that cannot be read counts too. */
export async function unfinishedIds(stateDir: string): Promise<string[]> {
  const newest = (await runIds(stateDir)).slice(0, MOST_READ);
  const over = await Promise.all(newest.map((id) => hasEnded(join(stateDir, 'runs', id, 'journal.jsonl'))));
  return newest.filter((_, index) => over[index] !== true);
}

async function hasEnded(journal: string): Promise<boolean> {
  const last = (await tailOf(journal)).trimEnd().split('\n').at(-1) ?? '';
  return /"type":"run-(?:finished|abandoned)"/.test(last);
}

async function tailOf(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, TAIL);
      const { buffer } = await handle.read({ buffer: Buffer.alloc(length), position: size - length });
      return buffer.toString();
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}

/** The nodes with kept output of a run. */
export function nodesOf(stateDir: string, id: string): Promise<string[]> {
  return isRunId(id) ? list(join(stateDir, 'runs', id, 'logs')) : Promise.resolve([]);
}

/** The ids of steps with kept output on a node, in the order of the plan. */
export async function stepsOf(stateDir: string, id: string, node: string): Promise<string[]> {
  if (!(await nodesOf(stateDir, id)).includes(node)) return [];
  const files = await list(join(stateDir, 'runs', id, 'logs', node));
  const steps = files.flatMap((file) => /^(.+)\.\d+\.log$/.exec(file)?.[1] ?? []);
  return [...new Set(steps)].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
