import { expect, test } from 'vitest';
import { endPass } from '../../src/engine/passes.ts';
import { runPlan } from '../../src/engine/run.ts';
import { foldJournal } from '../../src/journal/progress.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import type { Plan, PlanStep } from '../../src/plan/plan.ts';
import { Bench, planOf, step } from './bench.ts';

const bad = { end: { kind: 'exited', code: 7 } } as const;
const ok = { end: { kind: 'exited', code: 0 } } as const;

/** Out of the load balancer, work, and always back in. */
function steps(node: string, more: Partial<PlanStep> = {}): PlanStep[] {
  return [step(node, '1.1-out', { undoneBy: 'lb-in' }), step(node, '1.2-work', more)];
}

function always(node: string, more: Partial<PlanStep> = {}): PlanStep[] {
  return [step(node, '1.a1-in', { ref: 'lb-in', ...more })];
}

function planWith(main: readonly PlanStep[], ends: readonly PlanStep[], nodes = ['n1'], maxFailures = 0): Plan {
  const plan = planOf(nodes, main, maxFailures);
  return { ...plan, phases: plan.phases.map((phase) => ({ ...phase, always: ends })) };
}

const simple = () => new Bench(planWith(steps('n1'), always('n1')));

function ran(bench: Bench, node = 'n1'): string[] {
  return bench.node(node).ran.map((line) => line.replace(/^do 1\.a?\d-/, ''));
}

test('where all steps succeed, what always runs follows them, once', async () => {
  const bench = simple();
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'done', counts: { changed: 3 } });
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'done' });
  expect(ran(bench)).toEqual(['out', 'work', 'in']);
});

test('after a failure it runs, the run fails for that step, and a resume does first what was undone', async () => {
  const bench = simple();
  bench.node('n1').behaviours.push(ok, bad);
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'failed', reason: 'exited with 7' });
  expect(ran(bench)).toEqual(['out', 'work', 'in']);
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'done', counts: { changed: 3, failed: 0 } });
  expect(ran(bench)).toEqual(['out', 'work', 'in', 'out', 'work', 'in']);
  const passes = bench.records.filter(({ type }) => type === 'pass-started');
  expect(passes).toMatchObject([{ phase: 1, node: 'n1', pass: 2, again: ['1.1-out', '1.a1-in'] }]);
  expect(bench.events).toContainEqual(
    expect.objectContaining({ type: 'message', text: expect.stringContaining('1.1-out') }),
  );
  expect([...bench.node('n1').attempts.keys()]).toContain('1.1-out.n1.2');
});

test('passes are counted, and each has its own', async () => {
  const bench = simple();
  bench.node('n1').behaviours.push(ok, bad, ok, ok, bad, ok);
  await runPlan(bench.context());
  await runPlan(bench.context());
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(ran(bench).join(' ')).toBe('out work in out work in out work in');
  expect(bench.records.flatMap((record) => (record.type === 'pass-started' ? [record.pass] : []))).toEqual([2, 3]);
});

test('a step whose pair changed nothing is not done again', async () => {
  const bench = new Bench(planWith(steps('n1'), always('n1', { check: 'test -e in' })));
  bench.node('n1').behaviours.push(ok, bad);
  bench.node('n1').probe = () => 0;
  await runPlan(bench.context());
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(ran(bench)).toEqual(['out', 'work', 'work']);
});

test('what a resume has behind it is without the steps that the next pass of the node does again', async () => {
  const bench = new Bench(planWith(steps('n1'), always('n1', { check: 'test -e in' })));
  bench.node('n1').behaviours.push(ok, bad);
  bench.node('n1').probe = () => 0;
  const before = () => bench.events.findLast((event) => event.type === 'phase-started')?.before;
  await runPlan(bench.context());
  expect(before()).toBeUndefined();
  await runPlan(bench.context());
  expect(before()).toMatchObject([{ node: 'n1', open: 2, counts: { changed: 1, unchanged: 0 } }]);
  await runPlan(bench.context());
  expect(before()).toMatchObject([{ node: 'n1', open: 0, counts: { changed: 2, unchanged: 1 } }]);
});

test('a pair that failed may have had its effect: the step is done again', async () => {
  const bench = simple();
  bench.node('n1').behaviours.push(ok, bad, bad);
  expect(await runPlan(bench.context())).toMatchObject({ counts: { failed: 2 } });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(ran(bench).join(' ')).toBe('out work in out work in');
});

test('where only an `always` step fails, its node has failed, the others run, and a resume does that one alone', async () => {
  const ends = [...always('n1'), step('n1', '1.a2-note')];
  const bench = new Bench(planWith(steps('n1'), ends));
  bench.node('n1').behaviours.push(ok, ok, bad);
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'failed', at: { id: '1.a1-in' } });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(ran(bench).join(' ')).toBe('out work in note in');
});

test('nothing runs at the end of a node while the outcome of a step is unknown', async () => {
  const bench = new Bench(planWith(steps('n1', { onTimeout: 'leave' }), always('n1')));
  bench.node('n1').behaviours.push(ok, { end: { kind: 'running' } });
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'failed', counts: { unknown: 1 } });
  expect(ran(bench)).toEqual(['out', 'work']);
  bench.node('n1').attempts.set('1.2-work.n1.1', { state: ok.end, output: '' });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(ran(bench)).toEqual(['out', 'work', 'in']);
});

test.each([
  ['while a step runs', 'attempt-started', 'stopped', ['out']],
  ['as the last step ends', 'work', 'stopped', ['out', 'work']],
])('Ctrl-C %s: the run only pauses, and a resume ends the node', async (_name, when, outcome, before) => {
  const bench = simple();
  const stop = new AbortController();
  bench.onRecord = (record) => {
    if (record.type === when || (record.type === 'step-finished' && record.step.endsWith(when))) stop.abort();
  };
  expect((await runPlan(bench.context(stop))).outcome).toBe(outcome);
  expect(ran(bench)).toEqual(before);
  bench.onRecord = () => undefined;
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(ran(bench)).toEqual(['out', 'work', 'in']);
});

test('Ctrl-C while a step fails: what undoes has not run, so the resume tries that step in the same pass', async () => {
  const bench = simple();
  bench.node('n1').behaviours.push(ok, bad);
  const stop = new AbortController();
  bench.onRecord = (record) => {
    if (record.type === 'step-finished' && record.outcome === 'failed') stop.abort();
  };
  expect((await runPlan(bench.context(stop))).outcome).toBe('failed');
  bench.onRecord = () => undefined;
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(ran(bench)).toEqual(['out', 'work', 'work', 'in']);
});

test('Ctrl-C twice in an `always` step leaves it running, and a resume takes it up before the next pass', async () => {
  const bench = simple();
  bench.node('n1').behaviours.push(ok, bad);
  const leave = new AbortController();
  bench.onRecord = (record) => {
    if (record.type === 'attempt-started' && record.step === '1.a1-in') leave.abort();
  };
  expect((await runPlan(bench.context(undefined, leave))).outcome).toBe('failed');
  bench.onRecord = () => undefined;
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(ran(bench).join(' ')).toBe('out work in out work in');
});

test('a node that was left out ends like any other', async () => {
  const plan = planWith(steps('n1'), always('n1'));
  const bench = new Bench(plan);
  const context = bench.context();
  const [first] = context.phases[0]?.steps ?? [];
  if (!first) throw new Error('no step');
  const leaving = { ...first.action, leavesOutAt: () => 20 };
  const phases = context.phases.map((bound) => ({
    ...bound,
    rows: new Map([...bound.rows].map(([node, row]) => [node, row.map((one) => ({ ...one, action: leaving }))])),
  }));
  bench.node('n1').behaviours.push({ end: { kind: 'exited', code: 20 } });
  expect(await runPlan({ ...context, phases })).toMatchObject({ outcome: 'done', counts: { skipped: 2, changed: 1 } });
  expect(ran(bench)).toEqual(['out', 'in']);
});

test('a failure that the runbook passes is none for `node.failed`; other failures are', async () => {
  const ends = (node: string) => [step(node, '1.a1-in', { if: 'node.failed' })];
  for (const [continueOnError, expected] of [
    [true, ['out', 'work']],
    [undefined, ['out', 'work', 'in']],
  ] as const) {
    const bench = new Bench(
      planWith(steps('n1', continueOnError ? { continueOnError } : {}), ends('n1')),
      undefined,
      true,
    );
    bench.node('n1').behaviours.push(ok, bad);
    await runPlan(bench.context());
    expect(ran(bench)).toEqual(expected);
  }
});

test('with maxFailures each node ends before the next begins, and a node that never began has no end', async () => {
  const nodes = ['n1', 'n2', 'n3'];
  const main = nodes.flatMap((node) => steps(node));
  const ends = nodes.flatMap((node) => always(node));
  const bench = new Bench(planWith(main, ends, nodes, 1));
  bench.node('n1').behaviours.push(ok, bad);
  bench.node('n2').behaviours.push(bad);
  expect((await runPlan(bench.context())).outcome).toBe('failed');
  expect(nodes.map((node) => ran(bench, node).join(' '))).toEqual(['out work in', 'out in', '']);
  expect((await runPlan(bench.context())).outcome).toBe('done');
  // Nothing had been done on n2 that its pair could undo but the failed step itself.
  expect(nodes.map((node) => ran(bench, node).join(' '))).toEqual([
    'out work in out work in',
    'out in out work in',
    'out work in',
  ]);
});

/** Runs to the end, with a controller that ends suddenly after so many records; then again until it is done. */
async function disturbed(crash: number, when: (bench: Bench) => void): Promise<Bench> {
  const bench = new Bench(planWith(steps('n1'), [...always('n1'), step('n1', '1.a2-note')]));
  when(bench);
  let died = false;
  bench.onRecord = () => {
    if (!died && bench.records.length === crash) {
      died = true;
      throw new Error('killed');
    }
  };
  for (let controllers = 0; controllers < 6; controllers += 1) {
    const result = await runPlan(bench.context()).catch(() => undefined);
    if (result?.outcome === 'done') return bench;
  }
  throw new Error('not done');
}

test('a controller that ends after any record of a failed pass: each effect once per pass, ends at most once', async () => {
  const fails = (bench: Bench) => bench.node('n1').behaviours.push(ok, bad, ok, ok);
  const whole = await disturbed(0, fails);
  expect(ran(whole).join(' ')).toBe('out work in note out work in note');
  for (let crash = 1; crash <= whole.records.length; crash += 1) {
    const bench = await disturbed(crash, fails);
    const text = ran(bench).join(' ');
    // Before anything at the end of the node began, a resume tries the failed step in the same pass.
    expect(['out work in note out work in note', 'out work work in note'], `after record ${crash}`).toContain(text);
    expect(new Set(bench.node('n1').attempts.keys()).size).toBe(ran(bench).length);
    const { steps: known } = foldJournal(bench.records);
    expect([...known.values()].map(({ outcome }) => outcome)).toEqual(['changed', 'changed', 'changed', 'changed']);
  }
});

test('what was done in an earlier pass is written before it is done again', async () => {
  const bench = simple();
  bench.node('n1').behaviours.push(ok, bad);
  await runPlan(bench.context());
  const seen: JournalBody[] = [];
  bench.onRecord = (record) => {
    if (record.type === 'pass-started') seen.push(record);
    if (record.type === 'attempt-started' && record.attempt > 1 && record.step === '1.1-out')
      expect(seen).toHaveLength(1);
  };
  await runPlan(bench.context());
  expect(seen).toHaveLength(1);
});

test('where a guard refused, the node ends like any other, and stays refused', async () => {
  const bench = simple();
  const context = bench.context();
  const [bound] = context.phases;
  const row = bound?.rows.get('n1') ?? [];
  const [refused] = row;
  if (!refused) throw new Error('no step');
  const end = { kind: 'refused', step: refused, reason: 'a guard refused' } as const;
  expect(await endPass(context, row, bound?.ends.get('n1') ?? [], end)).toEqual(end);
  expect(ran(bench)).toEqual(['in']);
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(ran(bench)).toEqual(['in', 'out', 'work', 'in']);
});
