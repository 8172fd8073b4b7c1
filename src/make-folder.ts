import { mkdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';

const OWN = { recursive: true, mode: 0o700 } as const;

/**
 * Makes a folder for its owner alone, with those above it. Where the working folder is gone, Node would look for the
 * parents of a relative path for ever.
 * @returns the first folder that was made, absolute
 * @throws Error as of the file system
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  return mkdir(resolve(path), OWN);
}

/** {@link makeFolder}, before it returns. */
export function makeFolderSync(path: string): string | undefined {
  return mkdirSync(resolve(path), OWN);
}
