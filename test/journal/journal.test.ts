import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure.ts';
import { openJournal, parseJournal, readJournal } from '../../src/journal/journal.ts';
import type { JournalBody } from '../../src/journal/record.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
  file = join(folder, 'journal.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const now = () => Date.UTC(2026, 0, 2);
const step = { step: '1.1-drain', node: 'worker-1' };
const started: JournalBody = { type: 'attempt-started', ...step, attempt: 1, host: 'cp-1', scriptDigest: 'abc' };

async function write(...bodies: JournalBody[]): Promise<void> {
  const { journal } = await openJournal(file, now);
  for (const body of bodies) await journal.append(body);
  await journal.close();
}

test('what was appended is read back in order, numbered and dated', async () => {
  await write(started, { type: 'run-finished' });
  const records = await readJournal(file);
  expect(records.map(({ seq, at, type }) => ({ seq, at, type }))).toEqual([
    { seq: 1, at: '2026-01-02T00:00:00.000Z', type: 'attempt-started' },
    { seq: 2, at: '2026-01-02T00:00:00.000Z', type: 'run-finished' },
  ]);
});

test('only the owner can read a journal', async () => {
  await write(started);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('records appended at the same time are written one after the other', async () => {
  const { journal } = await openJournal(file, now);
  await Promise.all(Array.from({ length: 20 }, () => journal.append(started)));
  await journal.close();
  expect((await readJournal(file)).map((record) => record.seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

test.each([
  ['without its newline', '{"v":1,"seq":2,"at":"x","type":"run-fin'],
  ['with a newline after zeros that a crash left', '\0\0\0\0\n'],
])('a torn last line %s is cut off, and the next record takes its place', async (_name, torn) => {
  await write(started);
  await appendFile(file, torn);
  expect(await readJournal(file)).toHaveLength(1);
  await write({ type: 'run-finished' });
  expect((await readJournal(file)).map((record) => record.type)).toEqual(['attempt-started', 'run-finished']);
  expect(await readFile(file, 'utf8')).not.toContain('\0');
});

test.each([
  ['a line that is not JSON', (lines: string[]) => [lines[0], 'garbage', lines[1]], ':2: it is not JSON'],
  ['a line that is missing', (lines: string[]) => [lines[1]], ':1: its number is 2, expected 1'],
  [
    'a record of an unknown kind',
    (lines: string[]) => [lines[0], lines[1]?.replace('run-finished', 'run-fnord'), lines[1]],
    ':2:',
  ],
  ['another version', (lines: string[]) => [lines[0]?.replace('"v":1', '"v":7'), lines[1]], ':1: its version is 7'],
])('damage other than a torn end is refused with its line: %s', async (_name, damage, words) => {
  await write(started, { type: 'run-finished' });
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  await writeFile(file, `${damage(lines).join('\n')}\n`);
  const before = await readFile(file, 'utf8');
  await expect(readJournal(file)).rejects.toThrow(words);
  await expect(openJournal(file, now)).rejects.toBeInstanceOf(Failure);
  expect(await readFile(file, 'utf8')).toBe(before);
});

test('every prefix of a journal is either read as whole records or cut to them', async () => {
  await write(
    started,
    { type: 'attempt-ended', ...step, attempt: 1, state: { kind: 'exited', code: 0 } },
    { type: 'run-finished' },
  );
  const bytes = await readFile(file);
  for (let length = 0; length <= bytes.length; length += 1) {
    const { records, length: kept } = parseJournal(file, bytes.subarray(0, length));
    expect(kept).toBeLessThanOrEqual(length);
    expect(records).toHaveLength(bytes.subarray(0, kept).toString().split('\n').length - 1);
  }
});

test('a journal that cannot be opened, or not be written any more, is a failure and stays one', async () => {
  await expect(openJournal(join(folder, 'none', 'journal.jsonl'), now)).rejects.toThrow(/cannot write the journal/);
  const { journal } = await openJournal(file, now);
  await journal.close();
  await expect(journal.append(started)).rejects.toMatchObject({ kind: 'step-failed' });
  await expect(journal.append(started)).rejects.toThrow(/cannot write the journal/);
});
