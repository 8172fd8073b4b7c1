import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { Fact, FactOptions } from '../../src/facts/fact.ts';
import { unframe } from '../../src/facts/lib/frame.ts';
import { clusterFacts, nodeFacts } from '../../src/facts/registry.ts';
import { Failure } from '../../src/failure.ts';
import { openJournal, parseJournal } from '../../src/journal/journal.ts';
import { parseView } from '../../src/journal/lock-script.ts';
import { askOne } from '../../src/journal/node-script.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { AnswerReader, ProtocolError, type Answer } from '../../src/remote/answers.ts';

// FUZZ_SECONDS=60 FUZZ_SEED=$RANDOM looks further; what it finds becomes a case of the tests beside.
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 6);
const options = {
  seed: Number(process.env['FUZZ_SEED'] ?? 11),
  numRuns: 1_000_000,
  interruptAfterTimeLimit: seconds * 1000,
};

/** What no one wrote a message for. */
const OURS = /is not a function|of undefined|of null|call stack|not iterable|\[object|is not defined|invalid array/i;

const bytes = fc.uint8Array({ maxLength: 12 }).map((some) => Buffer.from(some));

/** Text with something put in, taken out, doubled or flipped; also cut short. */
function edited(texts: readonly Buffer[], words: readonly string[]): fc.Arbitrary<Buffer> {
  const put = fc.oneof(
    bytes,
    fc.constantFrom(...words).map((word) => Buffer.from(word)),
    fc
      .tuple(fc.constantFrom(...words), fc.integer({ min: 2, max: 3000 }))
      .map(([word, n]) => Buffer.from(word.repeat(n))),
  );
  const edit = fc.tuple(
    fc.nat(),
    fc.oneof(fc.nat(3), fc.nat(200)),
    put,
    fc.nat(7),
    fc.constantFrom('splice', 'flip', 'cut', 'double'),
  );
  return fc.tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 })).map(([text, edits]) =>
    edits.reduce((now, [where, length, some, bit, how]) => {
      const at = where % (now.length + 1);
      if (how === 'cut') return now.subarray(0, at);
      if (how === 'splice') return Buffer.concat([now.subarray(0, at), some, now.subarray(at + length)]);
      if (how === 'double') return Buffer.concat([now.subarray(0, at + length), now.subarray(at)]);
      const flipped = Buffer.from(now);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      return flipped;
    }, text),
  );
}

const ANSWERS = [
  'Welcome\nhello 1 0 3f2c-boot\nclaimed 1\nlaunched 1 4711\no 1 0 5\nab\ncde 1 0 3\nxyzcut 1 e\nstate 1 exited 0\n',
  'hello 1 1000 b\nitem 1 run-1 1.1-a.n1.1 exited 7\nitem 1 run-1 1.2-b.n1.1 interrupted rebooted\nend 1\n',
  'hello 1 0 b\nrefused 1 no-space no room left\nstate 2 running\nstate 3 timed-out\nstate 4 interrupted same-boot\n',
].map((text) => Buffer.from(text));
const ANSWER_WORDS = [
  'hello ',
  '1 0 b\n',
  '\n',
  ' ',
  'o 1 ',
  'e 1 0 ',
  '999999999999999',
  '-1',
  'state 1 ',
  'exited ',
  '\0',
  '\r\n',
];

function read(chunks: readonly Buffer[]): { readonly answers: Answer[]; readonly error: unknown } {
  const answers: Answer[] = [];
  const reader = new AnswerReader((answer) => {
    const last = answers.at(-1);
    // However it came, a piece of output is the same bytes.
    if (answer.kind === 'output' && last?.kind === 'output' && last.offset + last.chunk.length === answer.offset) {
      const isSame = last.tag === answer.tag && last.stream === answer.stream;
      if (isSame) answers.pop();
      answers.push(isSame ? { ...last, chunk: Buffer.concat([last.chunk, answer.chunk]) } : answer);
    } else answers.push(answer);
  });
  try {
    for (const chunk of chunks) reader.push(chunk);
    return { answers, error: undefined };
  } catch (error) {
    return { answers, error };
  }
}

test('whatever a node answers is understood or refused as such, and means the same however it is split', () => {
  const text = fc.oneof(edited(ANSWERS, ANSWER_WORDS), bytes);
  fc.assert(
    fc.property(text, fc.array(fc.nat(400), { maxLength: 6 }), (answer, cuts) => {
      const whole = read([answer]);
      if (whole.error !== undefined) expect(whole.error).toBeInstanceOf(ProtocolError);
      const places = [0, ...cuts.toSorted((a, b) => a - b), answer.length];
      const pieces = places
        .slice(1)
        .map((end, index) => answer.subarray(places[index], Math.max(end, places[index] ?? 0)));
      const split = read(pieces);
      expect(split.answers).toEqual(whole.answers);
      expect(String(split.error)).toBe(String(whole.error));
    }),
    options,
  );
});

const known: Readonly<Record<string, Fact<unknown>>> = { ...nodeFacts, ...clusterFacts };
const folder = new URL('../fixtures/facts/', import.meta.url);
const outputs = readdirSync(folder).flatMap((id) =>
  readdirSync(new URL(id, folder))
    .filter((name) => name.endsWith('.out'))
    .map((name) => {
      const file = new URL(`${id}/${name}`, folder);
      const given = new URL(`${id}/${name.replace(/\.out$/, '.options.json')}`, folder);
      const more: Partial<FactOptions> = existsSync(given) ? JSON.parse(readFileSync(given, 'utf8')) : {};
      return { id, text: readFileSync(file), options: { kubeconfig: '', ...more } };
    }),
);
const OUTPUT_WORDS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  'null',
  '{}',
  '[]',
  '0',
  '-',
  '\n',
  '\t',
  ' ',
  '=',
  'NaN',
  '__proto__',
  '1e999',
];

test('whatever the command of a fact prints is understood, or refused in words', () => {
  const one = fc
    .constantFrom(...outputs)
    .chain((output) => fc.tuple(fc.constant(output), edited([output.text], OUTPUT_WORDS)));
  fc.assert(
    fc.property(one, ([{ id, options: given }, text]) => {
      try {
        known[id]?.parse(text.toString('utf8'), given);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(`${id}: ${String(error)}`).not.toMatch(OURS);
      }
    }),
    options,
  );
});

test('a frame around what is asked at once is taken apart, whatever is in it', () => {
  const frame = Buffer.from('\nM begin a\nx\n\nM end a 0\n\nM begin b\n\nM end b 3\n');
  fc.assert(
    fc.property(edited([frame], ['\nM begin a\n', '\nM end a 0\n', '\nM end b ', '\n', '999']), (text) => {
      const parts = unframe('M', ['a', 'b'], text.toString('latin1'), '');
      expect(parts.map(({ id }) => id)).toEqual(['a', 'b']);
      for (const { code, stdout } of parts) {
        if (code !== undefined) expect(Number.isInteger(code)).toBe(true);
        expect(stdout.length).toBeLessThanOrEqual(text.length);
      }
    }),
    { ...options, interruptAfterTimeLimit: seconds * 250 },
  );
});

test('whatever is in the lock of a node, it is a holder or a reason', async () => {
  const holder = JSON.stringify({ id: '0123abcd', run: 'run-1', host: 'here', pid: 7, user: 'ann', cluster: 'c' });
  const views = ['none 0 0\n', `held 3 12\n${holder}\n`, `free 3 12\n${holder}\n{"by":"ann","reason":"x"}\n`];
  const texts = views.map((view) => Buffer.from(view));
  await fc.assert(
    fc.asyncProperty(edited(texts, ['held ', 'free ', 'none ', '{', '}', '"', '0', '\n', 'null']), async (text) => {
      const ask = async () => Promise.resolve({ code: 0, stdout: text.toString('utf8'), stderr: '' });
      const answer = await askOne('n1', ask, '', parseView);
      if ('problem' in answer) expect(answer.problem).not.toMatch(OURS);
      else expect(Number.isSafeInteger(answer.value.generation) && Number.isSafeInteger(answer.value.beat)).toBe(true);
    }),
    { ...options, interruptAfterTimeLimit: seconds * 250 },
  );
});

test('an edited journal is refused, or read as a beginning of what it was', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'runbook-fuzz-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'journal.jsonl');
  const { journal } = await openJournal(file, () => Date.UTC(2026, 0, 2));
  const step = { step: '1.1-drain', node: 'worker-1' };
  const bodies: JournalBody[] = [1, 2, 3].flatMap((attempt): JournalBody[] => [
    { type: 'attempt-started', ...step, attempt, host: 'cp-1', scriptDigest: 'abc' },
    { type: 'attempt-ended', ...step, attempt, state: { kind: 'exited', code: 1 } },
  ]);
  for (const body of bodies) await journal.append(body);
  await journal.close();
  const whole = await readFile(file);
  const { records } = parseJournal(file, whole);
  fc.assert(
    fc.property(edited([whole], ['\n', '\0', '{}\n', ' ', '"', '"v":1', '"seq":2']), (text) => {
      try {
        const left = parseJournal(file, text);
        expect(left.records).toEqual(records.slice(0, left.records.length));
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
        expect(String(error)).not.toMatch(OURS);
      }
    }),
    options,
  );
});
