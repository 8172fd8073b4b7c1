import { open, rename, stat, unlink } from 'node:fs/promises';
import { Failure, messageOf } from '../../failure.ts';
import { redactText } from '../../redact.ts';

/**
 * Writes the whole file or nothing, for its owner alone: outputs of tools are in it. What is no file (/dev/stdout) is
 * written as it is.
 * @throws Failure (usage) where it cannot be written
 */
export async function writeReport(file: string, text: string): Promise<void> {
  const shown = redactText(text);
  try {
    const present = await stat(file).catch(() => undefined);
    if (present && !present.isFile()) await writeTo(file, shown);
    else await replace(file, shown);
  } catch (error) {
    throw new Failure('usage', `cannot write ${file}: ${messageOf(error)}`);
  }
}

async function replace(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  try {
    await writeTo(temporary, text);
    await rename(temporary, file);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function writeTo(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
}
