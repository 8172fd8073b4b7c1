import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { Failure } from '../../failure.ts';
import { makeFolder } from '../../make-folder.ts';

/** A runbook with all that it is made of, as a plan has it. */
export interface RunbookText {
  /** As it was named. */
  readonly file: string;
  readonly text: string;
  /** What it includes, and its scripts, by their paths from its folder. */
  readonly parts?: readonly { readonly file: string; readonly text: string }[] | undefined;
}

/** Folders between the working folder and that of the runbook, so that a part may lie beside or above it. */
const NEST = 'a/b/c/d';

/**
 * Lays out a runbook below a folder.
 * @returns the working folder for the commands that read it, and how they name it
 * @throws Failure (document) where a part would lie outside of the folder
 */
export async function layOut(folder: string, { file, text, parts = [] }: RunbookText): Promise<Layout> {
  if (isAbsolute(file))
    throw new Failure('document', `the runbook of the plan is ${file}, which only the machine that made it has`, [
      'Plan again with --database.',
    ]);
  // Commands find it by the name that the plan has.
  const name = normalize(file);
  const cwd = join(folder, NEST);
  const at = join(cwd, name);
  for (const part of [{ file: basename(name), text }, ...parts]) {
    const path = join(dirname(at), part.file);
    if (isAbsolute(part.file) || !path.startsWith(`${folder}/`))
      throw new Failure('document', `${part.file}, a part of the runbook ${file}, lies too far from it to be sent`, [
        'Move it to the folder of the runbook.',
      ]);
    await makeFolder(dirname(path));
    await writePrivate(path, part.text);
  }
  return { folder: cwd, name };
}

export interface Layout {
  readonly folder: string;
  readonly name: string;
}

/** Writes a file for its owner alone. Who reads it meanwhile sees it whole, as it was or as it is. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const part = `${path}.${process.pid}-${randomBytes(3).toString('hex')}`;
  await writeFile(part, text, { mode: 0o600, flag: 'wx' });
  await rename(part, path);
}
