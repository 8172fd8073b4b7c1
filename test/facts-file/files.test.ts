import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFactsFile } from '../../src/facts-file/read.ts';
import { factsText } from '../../src/facts-file/document.ts';
import { requireWritable, writeOutput } from '../../src/run/output-file.ts';
import { exampleDocument } from './document.ts';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'facts-'))));
afterEach(() => rmSync(dir, { recursive: true }));

describe('a facts file', () => {
  it('is for its owner alone, also where it was there before, and leaves nothing beside it', async () => {
    const file = join(dir, 'facts.json');
    writeFileSync(file, 'old');
    chmodSync(file, 0o644);
    await writeOutput(file, factsText(exampleDocument()));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['facts.json']);
    expect(await readFactsFile(file)).toEqual(exampleDocument());
  });

  it('that cannot be written says so', async () => {
    const file = join(dir, 'missing', 'facts.json');
    const message = `cannot write ${file}: ENOENT: no such file or directory`;
    await expect(requireWritable(file)).rejects.toMatchObject({ kind: 'usage', message });
    await expect(writeOutput(file, factsText(exampleDocument()))).rejects.toMatchObject({ kind: 'usage', message });
    expect(readdirSync(dir)).toEqual([]);
    await expect(requireWritable(dir)).rejects.toMatchObject({ message: `cannot write ${dir}: it is a folder` });
    await requireWritable('/dev/null');
  });

  it.each([
    ['missing', () => undefined, 'there is no such file'],
    ['a folder', (file: string) => mkdirSync(file), 'it is a folder'],
    [
      'of 200 MB',
      (file: string) => {
        writeFileSync(file, '');
        truncateSync(file, 200_000_000);
      },
      'it has 191 MiB; facts have at most 128',
    ],
    ['no text', (file: string) => writeFileSync(file, Buffer.from([0xff, 0xfe, 0x00])), 'it is not a text in UTF-8'],
  ])('that is %s is refused in words', async (_, make, words) => {
    const file = join(dir, 'facts.json');
    make(file);
    await expect(readFactsFile(file)).rejects.toMatchObject({
      kind: 'document',
      message: `cannot read ${file}: ${words}`,
    });
  });
});
