import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { localPath } from '../documents/target.ts';
import type { FileFact } from '../facts/facts.ts';

/** A file asked for with its content is not taken for a small one beyond this. */
const SMALL = 256 * 1024;
const SEAL = 32;

/** Files of the operator's machine: `~/` is the home folder, a relative path starts in the current folder. */
export class LocalFiles {
  /** By path, size and time of change: a snapshot of hundreds of MB is looked at before several steps. */
  readonly #digests = new Map<string, Pick<FileFact, 'sha256' | 'sealed'>>();

  /** Never rejects. */
  async describe(path: string, withText = false): Promise<FileFact> {
    const file = localPath(path);
    try {
      const found = await stat(file);
      if (!found.isFile()) return { missing: true, error: `${path} is not a file` };
      const key = `${file}\0${found.size}\0${found.mtimeMs}\0${found.ino}`;
      const digest = this.#digests.get(key) ?? (await digestOf(file));
      this.#digests.set(key, digest);
      const text = withText && found.size <= SMALL ? { text: await readFile(file, 'utf8') } : {};
      return { size: found.size, mode: (found.mode & 0o7777).toString(8), ...digest, ...text };
    } catch (error) {
      return { missing: true, error: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** One pass over the file: its sha256, and whether its end is the sha256 of all before it. */
async function digestOf(file: string): Promise<{ sha256: string; sealed: boolean }> {
  const [whole, body] = [createHash('sha256'), createHash('sha256')];
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file)) {
    const bytes = Buffer.from(chunk);
    whole.update(bytes);
    const held = Buffer.concat([tail, bytes]);
    const end = Math.max(0, held.length - SEAL);
    body.update(held.subarray(0, end));
    tail = held.subarray(end);
  }
  return { sha256: whole.digest('hex'), sealed: tail.length === SEAL && body.digest().equals(tail) };
}
