import { randomUUID } from 'node:crypto';
import { access, constants, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, messageOf } from '../failure.ts';

/**
 * Writes the file that `-o` names, for its owner alone: it has the whole text or is as before. What is no file
 * (/dev/stdout) is written to as it is.
 * @throws Failure (usage) where it cannot be written
 */
export async function writeOutput(file: string, text: string): Promise<void> {
  try {
    const there = await stat(file).catch(() => undefined);
    // Through a link: what it names is replaced.
    if (there === undefined || there.isFile()) await replace(await realpath(file).catch(() => file), text);
    else await writeTo(file, 'w', text);
  } catch (error) {
    throw unwritable(file, messageOf(error));
  }
}

/**
 * Before minutes of work: whether it could be written.
 * @throws Failure (usage) where its folder cannot, or where it is one
 */
export async function requireWritable(file: string): Promise<void> {
  const there = await stat(file).catch(() => undefined);
  if (there?.isDirectory()) throw unwritable(file, 'it is a folder');
  if (there && !there.isFile()) return;
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    throw unwritable(file, messageOf(error));
  });
}

function unwritable(file: string, why: string): Failure {
  return new Failure('usage', `cannot write ${file}: ${why.replace(/, [a-z]+ '[^]*$/, '')}`, [
    'Name another file by -o.',
  ]);
}

async function replace(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.new`;
  try {
    await writeTo(temporary, 'wx', text);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeTo(file: string, flags: 'w' | 'wx', text: string): Promise<void> {
  const handle = await open(file, flags, 0o600);
  try {
    await handle.writeFile(text);
    if (flags === 'wx') await handle.datasync();
  } finally {
    await handle.close();
  }
}
