import { afterEach, expect, test, vi } from 'vitest';
import { parseOutputs } from '../../src/engine/outputs.ts';
import { runPlan } from '../../src/engine/run.ts';
import { hideSecret } from '../../src/redact.ts';
import { Bench, planOf, step } from './bench.ts';

const ok = { kind: 'exited', code: 0 } as const;

afterEach(() => void vi.restoreAllMocks());

const WRITER = step('n1', '1.1-ask', { ref: 'ask' });
const READER = step('n1', '1.2-read', {
  if: "steps.ask.outcome == 'changed'",
  env: { W: 'w' },
  deferred: { K: '<${{ steps.ask.outputs.key }}>', RUNBOOK_EXPR_1: '${{ env.K }}${{ env.W }}' },
});
const RAN = `export W=w\nexport K='<it'\\''s $1>'\nexport RUNBOOK_EXPR_1='<it'\\''s $1>w'\ndo 1.2-read`;

test('outputs are in the journal with the end of the attempt, and reach later steps as values of variables', async () => {
  const bench = new Bench(planOf(['n1'], [WRITER, READER]));
  bench.node('n1').behaviours.push({ end: ok, result: "key=it's $1\n" });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n1').ran).toEqual(['do 1.1-ask', RAN]);
  const outputs = { key: "it's $1" };
  expect(bench.records.find(({ type }) => type === 'attempt-ended')).toMatchObject({ outputs });
  expect(bench.events.find(({ type }) => type === 'step-finished')).toMatchObject({ outputs });
});

test('a controller may end after any record, with its link cut or not: outputs are there all the same', async () => {
  for (const cut of [undefined, 'while-running'] as const) {
    for (let crash = 1; crash <= 6; crash += 1) {
      const bench = new Bench(planOf(['n1'], [WRITER, READER]));
      bench.node('n1').behaviours.push({ end: ok, result: "key=it's $1\n", ...(cut && { cut }) });
      bench.onRecord = () => {
        if (bench.records.length === crash) throw new Error('killed');
      };
      await expect(runPlan(bench.context()), `record ${crash}`).rejects.toThrow('killed');
      bench.onRecord = () => undefined;
      // A request that never arrived takes its behaviour along.
      if (crash === 1) bench.node('n1').behaviours[0] ??= { end: ok, result: "key=it's $1\n" };
      expect((await runPlan(bench.context())).outcome, `record ${crash}`).toBe('done');
      expect(bench.node('n1').ran, `record ${crash}`).toEqual(['do 1.1-ask', RAN]);
    }
  }
});

test('an output that is not there fails the step that reads it, before an attempt of it begins', async () => {
  const bench = new Bench(planOf(['n1'], [WRITER, READER]));
  const { outcome, reason } = await runPlan(bench.context());
  expect([outcome, reason]).toEqual(['failed', expect.stringContaining('steps.ask.outputs.key')]);
  expect(bench.types()).not.toContain('attempt-started n1/1.2-read');
});

test('outputs of an attempt that failed are those of the step only until the next attempt', async () => {
  const writer = step('n1', '1.1-ask', { ref: 'ask', retries: 1 });
  const bench = new Bench(planOf(['n1'], [writer, READER]));
  bench.node('n1').behaviours.push({ end: { kind: 'exited', code: 1 }, result: 'key=old\n' }, { end: ok });
  expect((await runPlan(bench.context())).reason).toContain('steps.ask.outputs.key');
});

test('what is refused fails the step by name, also where the controller ends before it is reported', async () => {
  const bench = new Bench(planOf(['n1'], [WRITER, READER]));
  bench.node('n1').behaviours.push({ end: ok, result: 'no value\n' });
  bench.onRecord = ({ type }) => {
    if (type === 'attempt-ended') throw new Error('killed');
  };
  await expect(runPlan(bench.context())).rejects.toThrow('killed');
  bench.onRecord = () => undefined;
  const expected = 'what it wrote to $RUNBOOK_OUTPUT is refused: line 1 is neither key=value nor key<<END';
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'failed', reason: expected });
});

test('a check that reads outputs is asked with their values', async () => {
  const reader = step('n1', '1.2-read', { check: 'test "$K" = 1', deferred: { K: '${{ steps.ask.outputs.key }}' } });
  const bench = new Bench(planOf(['n1'], [WRITER, reader]));
  bench.node('n1').behaviours.push({ end: ok, result: 'key=1' });
  bench.node('n1').probe = () => 0;
  expect((await runPlan(bench.context())).counts).toMatchObject({ changed: 1, unchanged: 1 });
  expect(bench.node('n1').probes).toEqual([`export K=1\ntest "$K" = 1`]);
});

test('results of other nodes are known by their names, those of a once step to all', async () => {
  const plan = planOf(
    ['n1', 'n2'],
    [
      step('n1', '1.1-ask', { ref: 'ask', once: true }),
      step('n1', '1.2-own', { ref: 'own' }),
      step('n2', '1.3-read', {
        deferred: { A: '${{ steps.ask.outputs.key }}', B: "${{ nodes['n1'].steps.own.outcome }}" },
      }),
    ],
  );
  const bench = new Bench(plan);
  bench.node('n1').behaviours.push({ end: ok, result: 'key=1' });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n2').ran).toEqual([`export A=1\nexport B=changed\ndo 1.3-read`]);
});

test.each([
  ['a=1\nb-c=x=y\n\nd=', { a: '1', 'b-c': 'x=y', d: '' }],
  ['a<<END\none\n\ntwo=2\nEND\nb=1\na=last', { a: 'last', b: '1' }],
  ['a<<E\nE\nproto=x', { a: '', proto: 'x' }],
  ['', {}],
])('%j gives %j', (text, outputs) => {
  expect(parseOutputs(Buffer.from(text))).toEqual({ outputs });
});

test('what is malformed, too much, or holds a secret is refused with its line and without its text', () => {
  hideSecret('planted-secret');
  const refused = (bytes: Buffer | string) => {
    const parsed = parseOutputs(Buffer.from(bytes));
    return 'problem' in parsed ? parsed.problem.replace('what it wrote to $RUNBOOK_OUTPUT is refused: ', '') : parsed;
  };
  expect(refused('a=1\nb')).toBe('line 2 is neither key=value nor key<<END');
  expect(refused('a b=1')).toBe('line 1 is neither key=value nor key<<END');
  expect(refused('a<<\nx')).toBe('line 1 is neither key=value nor key<<END');
  expect(refused('a=1\nb<<END\nx')).toBe('the value that begins in line 2 has no end');
  for (const key of ['constructor', '__proto__'])
    expect(refused(`a=1\n${key}=1`)).toMatch(`in line 2, a key cannot be called \`${key}\``);
  expect(refused(`a=${'x'.repeat(64 * 1024)}`)).toBe('it has more than 64 KiB');
  expect(refused(Array.from({ length: 1001 }, (_, n) => `k${n}=1`).join('\n'))).toBe('it has more than 1000 keys');
  expect(refused(Buffer.from([0x61, 0x3d, 0xff]))).toBe('it is not text');
  expect(refused('a=1\nb=x planted-secret')).toBe('line 2 holds a secret, and outputs are kept in the journal');
});
