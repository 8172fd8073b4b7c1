import { open } from 'node:fs/promises';
import { isBad, type KnownCause } from '../event.ts';
import type { RunSummary } from '../journal/store.ts';
import { stepKey } from '../plan/key.ts';
import { type KeptOutput, listOutput } from './kept-output.ts';

/** Bytes at the end of an output: more than the lines that are looked at. */
const END = 128 * 1024;

/**
 * Known texts in the kept output of the steps that failed or whose outcome is unknown, by `node/step`. An output that
 * cannot be read has none.
 */
export async function knownCauses(run: RunSummary): Promise<ReadonlyMap<string, readonly KnownCause[]>> {
  const bad = [...run.progress.steps].filter(([, { outcome }]) => isBad(outcome));
  const found = new Map<string, readonly KnownCause[]>();
  if (bad.length === 0) return found;
  const files = await listOutput(run, undefined, undefined).catch((): KeptOutput[] => []);
  const last = new Map(files.map((file) => [stepKey(file.node, file.step), file]));
  const { recognise } = await import('../known/recognise.ts');
  for (const [key] of bad) {
    const file = last.get(key);
    const known = file ? recognise(await lastLines(file.path)) : [];
    if (known.length > 0) found.set(key, known);
  }
  return found;
}

async function lastLines(path: string): Promise<string[]> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, END);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(length), position: size - length });
    return buffer.toString('utf8', 0, bytesRead).replace(/\n$/, '').split('\n');
  } catch {
    return [];
  } finally {
    await handle.close();
  }
}
