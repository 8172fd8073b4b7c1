import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure.ts';
import { sealedLine } from '../../src/journal/chain.ts';
import { misfitIn } from '../../src/journal/fits.ts';
import { openJournal, parseJournal, readJournal } from '../../src/journal/journal.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { generator } from '../../src/rehearse/faults/generator.ts';
import { planOf, step as planned } from '../engine/bench.ts';

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
  ['another version', (lines: string[]) => [lines[0]?.replace('"v":3', '"v":7'), lines[1]], ':1: its version is 7'],
  [
    'another content',
    (lines: string[]) => [lines[0]?.replace('"attempt":1', '"attempt":2'), lines[1]],
    ':1: its hash is not that of its content',
  ],
  [
    'a last line that is cut off but ends',
    (lines: string[]) => [lines[0], lines[1]?.slice(0, -9)],
    ':2: it is not JSON',
  ],
])('damage other than a torn end is refused with its line: %s', async (_name, damage, words) => {
  await write(started, { type: 'run-finished' });
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  await writeFile(file, `${damage(lines).join('\n')}\n`);
  const before = await readFile(file, 'utf8');
  await expect(readJournal(file)).rejects.toThrow(words);
  await expect(openJournal(file, now)).rejects.toBeInstanceOf(Failure);
  expect(await readFile(file, 'utf8')).toBe(before);
});

test('a newline that is damaged is not taken for a torn line', async () => {
  await write(started, { type: 'run-finished' });
  const bytes = await readFile(file);
  for (const at of [bytes.indexOf(0x0a), bytes.length - 1]) {
    const damaged = Buffer.from(bytes);
    damaged[at] = 0x4a;
    expect(() => parseJournal(file, damaged)).toThrow(/the journal is damaged/);
  }
});

test('a journal of version 1 is read and continued, and what follows seals it', async () => {
  const old = [
    { v: 1, seq: 1, at: 'x', ...started },
    { v: 1, seq: 2, at: 'x', type: 'attempt-ended', ...step, attempt: 1, state: { kind: 'exited', code: 0 } },
  ];
  await writeFile(file, old.map((record) => `${JSON.stringify(record)}\n`).join(''));
  expect(await readJournal(file)).toHaveLength(2);
  await write({ type: 'run-finished' });
  expect((await readJournal(file)).map(({ v }) => v)).toEqual([1, 1, 3]);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"code":0', '"code":1'));
  await expect(readJournal(file)).rejects.toThrow(/:3: its hash is not that of its content and of what precedes it/);
  await writeFile(file, `${text}${JSON.stringify({ v: 1, seq: 4, at: 'x', type: 'run-finished' })}\n`);
  await expect(readJournal(file)).rejects.toThrow(/:4: its version is 1, after a record of version 3/);
});

test('a journal of version 2 is read and continued', async () => {
  const record = { v: 2, seq: 1, at: 'x', ...started };
  await writeFile(file, `${sealedLine('', record).line}\n`);
  await write({ type: 'run-finished' });
  expect((await readJournal(file)).map(({ v }) => v)).toEqual([2, 3]);
});

/** The records that are left of a journal with one bit flipped; undefined: it is refused. */
function readFlipped(bytes: Buffer, bit: number): number | undefined {
  const flipped = Buffer.from(bytes);
  const at = Math.floor(bit / 8);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit % 8));
  try {
    return parseJournal(file, flipped).records.length;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

test('of 1,000 flipped bits all are refused but those that look like a torn last line, which loses that line alone', async () => {
  const attempts = Array.from({ length: 10 }, (_, index) => index + 1);
  await write(
    {
      type: 'run-started',
      run: 'run-1',
      plan: 'd'.repeat(64),
      epoch: 1,
      holder: { host: 'here', pid: 7, user: 'ann' },
    },
    ...attempts.flatMap((attempt): JournalBody[] => [
      { ...started, attempt },
      { type: 'attempt-ended', ...step, attempt, state: { kind: 'exited', code: 1 } },
      { type: 'step-finished', ...step, outcome: 'failed', reason: 'exited with 1: no room', duration: 12 },
    ]),
  );
  const bytes = await readFile(file);
  const lines = 31;
  const lastLine = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
  const random = generator(11);
  const tried = Array.from({ length: 1000 }, () => Math.floor(random() * bytes.length * 8));
  const accepted = tried.filter((bit) => readFlipped(bytes, bit) !== undefined);
  expect(accepted.filter((bit) => bit < lastLine * 8)).toEqual([]);
  // Of the last two lines every bit: a space that becomes a zero is what a crash may leave of a block.
  const all = Array.from({ length: (bytes.length - lastLine) * 8 }, (_, index) => lastLine * 8 + index);
  const torn = all.filter((bit) => readFlipped(bytes, bit) !== undefined);
  expect(torn.map((bit) => bytes[Math.floor(bit / 8)])).toEqual(torn.map(() => 0x20));
  expect(torn.map((bit) => readFlipped(bytes, bit))).toEqual(torn.map(() => lines - 1));
  expect([accepted.length, torn.length]).toEqual([accepted.filter((bit) => torn.includes(bit)).length, 4]);
});

test('a journal that is not of its plan is refused: another step, node, host, attempt, run or epoch', () => {
  const holder = { host: 'here', pid: 7, user: 'ann' };
  const plan = planOf(['n1', 'n2'], [planned('n1', '1.1-a'), planned('n2', '1.1-a', { place: 'local' })]);
  const begun: JournalBody = { type: 'run-started', run: 'run-1', plan: plan.digest, epoch: 2, holder };
  const of = (node: string, attempt: number, host: string, id = '1.1-a'): JournalBody => ({
    type: 'attempt-started',
    step: id,
    node,
    attempt,
    host,
    scriptDigest: 'x',
  });
  const ended = (attempt: number): JournalBody => ({
    type: 'attempt-ended',
    step: '1.1-a',
    node: 'n1',
    attempt,
    state: { kind: 'exited', code: 0 },
  });
  const fit = (...bodies: JournalBody[]) =>
    misfitIn(
      bodies.map((body, index) => ({ v: 2, seq: index + 1, at: '', ...body })),
      'run-1',
      plan,
    );
  expect(fit(begun, of('n1', 1, 'n1'), ended(1), of('n1', 2, 'n1'), of('n2', 1, 'local'))).toBeUndefined();
  for (const [wrong, words] of [
    [of('n1', 1, 'n2'), 'that step does not run on n2'],
    [of('n1', 1, 'local'), 'that step does not run on local'],
    [of('n2', 1, 'n2'), 'that step does not run on n2'],
    [of('n3', 1, 'n3'), 'the plan has no step n3/1.1-a'],
    [of('n1', 1, 'n1', '1.2-b'), 'the plan has no step n1/1.2-b'],
    [of('n1', 0, 'n1'), 'it starts attempt 0, after attempt 0'],
    [ended(1), 'attempt 1 of that step was not started'],
    [begun, 'a journal begins with run-started, and has one of it'],
    [{ type: 'run-resumed', epoch: 2, holder }, 'its epoch is 2, after 2'],
  ] as const)
    expect(fit(begun, wrong)).toEqual({ seq: 2, problem: words });
  expect(fit(ended(1))).toMatchObject({ seq: 1 });
  for (const other of [{ run: 'run-2' }, { plan: 'e' }])
    expect(fit({ ...begun, ...other })).toMatchObject({ seq: 1, problem: expect.stringContaining('it is of run') });
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
