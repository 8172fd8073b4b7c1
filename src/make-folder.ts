import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** For its owner alone. */
const MODE = 0o700;

/**
 * Makes a folder for its owner alone, with those above it, one at a time: Node's own `recursive` looks for parents for
 * ever where a folder takes no other one (in /proc, or a working folder that is gone).
 * @returns the first folder that was made, absolute; undefined: it was there
 * @throws Error as of the file system
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  return makeFolderSync(path);
}

/** {@link makeFolder}, before it returns. */
export function makeFolderSync(path: string): string | undefined {
  const missing = missingOf(path);
  for (const folder of missing) makeOne(folder);
  return missing[0];
}

/** The outermost first. */
function missingOf(path: string): string[] {
  const missing: string[] = [];
  for (let at = resolve(path); !mayBeThere(at); at = dirname(at)) missing.unshift(at);
  return missing;
}

/** Another process may make the same folder at the same time. */
function makeOne(folder: string): void {
  try {
    mkdirSync(folder, MODE);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !mayBeThere(folder)) throw error;
  }
}

/** A folder, or what cannot be looked at. */
function mayBeThere(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes(codeOf(error));
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
