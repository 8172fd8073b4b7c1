import { readFile } from 'node:fs/promises';
import { usageFailure } from '../failure.ts';

/** The JSON in a file of `runbook facts`. @throws LabFailure where it cannot be read, or is none */
export async function readTwinFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw usageFailure(`cannot read ${path}: ${why}`, ['Write one with: runbook facts -i INVENTORY -o facts.json']);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw usageFailure(`${path} is not JSON`, ['Write one with: runbook facts -i INVENTORY -o facts.json']);
  }
}
