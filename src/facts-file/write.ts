import { randomUUID } from 'node:crypto';
import { access, constants, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, messageOf } from '../failure.ts';
import type { FactsDocument } from './document.ts';

/** The text of the file. */
export function factsText(document: FactsDocument): string {
  return `${JSON.stringify(document, null, 1)}\n`;
}

/**
 * For its owner alone; the file has the whole text or is as before. What is no file (/dev/stdout) is written to as it is.
 * @throws Failure (usage) where it cannot be written
 */
export async function writeFactsFile(file: string, document: FactsDocument): Promise<void> {
  try {
    const there = await stat(file).catch(() => undefined);
    // Through a link: what it names is replaced.
    if (there === undefined || there.isFile())
      await replace(await realpath(file).catch(() => file), factsText(document));
    else await writeTo(file, 'w', factsText(document));
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** Before minutes of reading: whether its folder can be written to. @throws Failure (usage) */
export async function requireWritable(file: string): Promise<void> {
  const there = await stat(file).catch(() => undefined);
  if (there && !there.isFile() && !there.isDirectory()) return;
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    throw unwritable(file, error);
  });
}

function unwritable(file: string, error: unknown): Failure {
  const why = messageOf(error).replace(/, [a-z]+ '[^]*$/, '');
  return new Failure('usage', `cannot write ${file}: ${why}`, ['Name another file by -o.']);
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
