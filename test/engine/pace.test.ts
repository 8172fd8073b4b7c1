import { expect, test } from 'vitest';
import { runPlan } from '../../src/engine/run.ts';
import type { Bounds } from '../../src/engine/context.ts';
import type { Plan, PlanPhase } from '../../src/plan/plan.ts';
import { Bench, FakeNode, planOf, step } from './bench.ts';

const MINUTE = 60_000;
const NODES = ['a', 'b', 'c'];

/** A step of each node, which takes ten minutes. */
function paced(
  phase: Partial<PlanPhase> = {},
  { serial = 1, window }: { serial?: number } & Pick<Partial<Plan>, 'window'> = {},
) {
  const plan = planOf(
    NODES,
    NODES.map((node) => step(node, '1.1-work', { timeout: 3_600_000 })),
    0,
    serial,
  );
  return tenMinutes(
    new Bench({ ...plan, ...(window && { window }), phases: plan.phases.map((one) => ({ ...one, ...phase })) }),
  );
}

function tenMinutes(bench: Bench): Bench {
  bench.onRecord = ({ type }) => {
    if (type === 'attempt-started') bench.clock.time += 10 * MINUTE;
  };
  return bench;
}

const run = (bench: Bench, bounds: Bounds = {}, stop = new AbortController()) =>
  runPlan({ ...bench.context(stop), bounds });
const worked = (bench: Bench) => NODES.filter((node) => bench.node(node).ran.length > 0);
const waits = (bench: Bench) => bench.events.flatMap((event) => (event.type === 'waiting' ? [event.message] : []));

test('a phase pauses between batches that did something, and not after its last', async () => {
  const bench = paced({ pause: 5 * MINUTE });
  expect((await run(bench)).outcome).toBe('done');
  expect(bench.clock.time).toBe(40 * MINUTE);
  expect(waits(bench)).toEqual(['pausing for 5m before b', 'pausing for 5m before c']);
});

test('after a batch that changed nothing there is no pause', async () => {
  const bench = paced({ pause: 5 * MINUTE });
  for (const node of ['a', 'b']) {
    const end = { step: '1.1-work', node, outcome: 'unchanged', reason: '', duration: 0 } as const;
    bench.records.push({ v: 1, seq: 1, at: '1970-01-01T00:00:00.000Z', type: 'step-finished', ...end });
  }
  expect((await run(bench)).outcome).toBe('done');
  expect(bench.clock.time).toBe(10 * MINUTE);
});

test('a controller that takes over in a pause waits for the rest of it', async () => {
  const bench = paced({ pause: 5 * MINUTE });
  const end = { step: '1.1-work', node: 'a', outcome: 'changed', reason: '', duration: 1 } as const;
  bench.records.push({ v: 1, seq: 1, at: '1970-01-01T00:00:00.000Z', type: 'step-finished', ...end });
  bench.clock.time = 2 * MINUTE;
  await run(bench, { maxNodes: 1 });
  expect(waits(bench)).toEqual(['pausing for 3m of 5m before b']);
});

test('no node is started that would not be done in time, by the longest of the phase so far; resume goes on', async () => {
  const bench = paced();
  const result = await run(bench, { until: 25 * MINUTE });
  expect(result).toMatchObject({ outcome: 'paused', counts: { changed: 2, failed: 0 } });
  expect(result.reason).toMatch(
    /^c would take about 10 min \(as the longest node of this phase so far\), and --until .* is in about 5 min$/,
  );
  expect(worked(bench)).toEqual(['a', 'b']);
  bench.clock.time = 24 * 60 * MINUTE;
  const before = await run(bench, { until: bench.clock.time + 9 * MINUTE });
  expect([before.outcome, worked(bench)]).toEqual(['paused', ['a', 'b']]);
  expect((await run(bench, { until: bench.clock.time + 10 * MINUTE })).outcome).toBe('done');
});

test('before any node was through, what its steps usually take counts', async () => {
  const bench = paced();
  const result = await run(bench, { until: 29_000 });
  expect(result.reason).toContain('a would take about 30 s (as its steps usually do)');
  expect((await run(bench, { until: 30_000 })).counts.changed).toBe(1);
});

test('a node in the middle of its steps needs only their share of the time', async () => {
  const rows = NODES.flatMap((node) => [step(node, '1.1-one'), step(node, '1.2-two')]);
  const bench = tenMinutes(new Bench(planOf(NODES, rows)));
  const stop = new AbortController();
  const count = bench.onRecord;
  bench.onRecord = (record) => {
    count(record);
    if (bench.node('b').ran.length === 1) stop.abort();
  };
  expect((await run(bench, {}, stop)).outcome).toBe('stopped');
  const begun = bench.clock.time;
  const result = await run(bench, { until: begun + 12 * MINUTE });
  expect([result.outcome, bench.node('b').ran, bench.node('c').ran]).toEqual([
    'paused',
    ['do 1.1-one', 'do 1.2-two'],
    [],
  ]);
});

test('the time of a batch is that of its slowest node, and a pause belongs to it', async () => {
  const pausing = await run(paced({ pause: 5 * MINUTE }), { until: 24 * MINUTE });
  expect([pausing.outcome, pausing.counts.changed, pausing.reason]).toEqual([
    'paused',
    1,
    expect.stringContaining('b would take about 10 min (as the longest node of this phase so far) after a pause of 5m'),
  ]);
});

test('so many nodes are worked on, also less than a batch; a node that was worked on goes on in later phases', async () => {
  const bench = paced({}, { serial: 3 });
  const first = await run(bench, { maxNodes: 2 });
  expect([first.outcome, first.reason, worked(bench)]).toEqual([
    'paused',
    '2 nodes were worked on (--max-nodes); next: c',
    ['a', 'b'],
  ]);
  expect((await run(bench, { maxNodes: 2 })).outcome).toBe('done');

  const plan = planOf(['a', 'b'], []);
  const phase = (number: number) => ({
    ...plan.phases[0],
    number,
    name: `p${number}`,
    batches: [['a'], ['b']],
    maxFailures: 0,
    steps: ['a', 'b'].map((node) => step(node, `${number}.1-work`)),
  });
  const two = new Bench({ ...plan, phases: [phase(1), { ...phase(2), batches: [['a']] }] });
  expect((await run(two, { maxNodes: 1 })).reason).toBe('1 node was worked on (--max-nodes); next: b');
  expect((await run(two, { maxNodes: 1 })).reason).toBe('1 node was worked on (--max-nodes); next: a');
  expect((await run(two, { maxNodes: 1 })).outcome).toBe('done');
});

test('nothing starts while the window is closed, and the reason says when it opens', async () => {
  const window = { days: ['sat' as const], from: '22:00', to: '22:15', timezone: 'Europe/Berlin' };
  const bench = paced({}, { window });
  bench.clock.time = Date.parse('2026-01-03T20:59:59Z');
  const closed = await run(bench);
  expect([closed.outcome, closed.reason, worked(bench)]).toEqual([
    'paused',
    'the window sat 22:00 to 22:15 (Europe/Berlin) is closed; it opens on Sat 2026-01-03 22:00 Europe/Berlin',
    [],
  ]);
  bench.clock.time += 1000;
  const tonight = await run(bench);
  expect(worked(bench)).toEqual(['a']);
  expect(tonight.reason).toContain(
    'the window closes in about 5 min and opens again on Sat 2026-01-10 22:00 Europe/Berlin',
  );
  expect(tonight.reason).not.toContain('too short');
});

test('a node that fits into no opening is named as such', async () => {
  const window = { from: '22:00', to: '22:05', timezone: 'UTC' };
  const bench = paced({}, { window });
  bench.clock.time = Date.parse('2026-01-03T22:04:00Z');
  await run(bench);
  bench.clock.time = Date.parse('2026-01-04T22:00:00Z');
  const { reason } = await run(bench);
  expect(reason).toContain('b would take about 10 min');
  expect(reason).toContain('for about 5 min only: too short for it');
});

test('the operator stops a pause at once', async () => {
  const bench = paced({ pause: 5 * MINUTE });
  const stop = new AbortController();
  bench.clock.sleep = () => {
    stop.abort();
    return Promise.resolve();
  };
  expect((await run(bench, {}, stop)).outcome).toBe('stopped');
  expect(worked(bench)).toEqual(['a']);
});

test('a run with a node that failed, where the phase allows it, is no paused one', async () => {
  const bench = paced({ maxFailures: 1 });
  bench.node('a').behaviours.push({ end: { kind: 'exited', code: 1 } });
  const result = await run(bench, { maxNodes: 1 });
  expect([result.outcome, result.at?.node.name]).toEqual(['failed', 'a']);
  expect(bench.events).toContainEqual({ type: 'stopping', reason: '1 node was worked on (--max-nodes); next: b' });
});

test('what always runs at the end of a node counts in the time that it takes', async () => {
  const always = NODES.map((node) => step(node, '1.a1-in', { timeout: 3_600_000 }));
  const bench = paced({ always });
  expect((await run(bench, { until: 50 * MINUTE })).outcome).toBe('paused');
  expect(worked(bench)).toEqual(['a', 'b']);
  expect(bench.clock.time).toBe(40 * MINUTE);
});

/** What the journal has of the step of a node. */
function ended(bench: Bench, node: string, outcome: 'changed' | 'unchanged', at = 0, id = '1.1-work'): void {
  const end = { step: id, node, outcome, reason: '', duration: 1 } as const;
  bench.records.push({ v: 1, seq: 1, at: new Date(at).toISOString(), type: 'step-finished', ...end });
}

test('of a batch, nodes with nothing left to do go along, and the others keep their turn', async () => {
  const bench = paced({}, { serial: 3 });
  ended(bench, 'c', 'unchanged');
  const result = await run(bench, { maxNodes: 1 });
  expect([result.outcome, result.reason]).toEqual(['paused', '1 node was worked on (--max-nodes); next: b']);
});

test('a node that is worked on goes on in the next phase, whatever the bound', async () => {
  const plan = planOf(['a', 'b'], []);
  const phase = (number: number, nodes: readonly string[]) => ({
    number,
    name: `p${number}`,
    batches: nodes.map((node) => [node]),
    maxFailures: 0,
    steps: nodes.map((node) => step(node, `${number}.1-work`)),
  });
  const bench = new Bench({ ...plan, phases: [phase(1, ['a']), phase(2, ['a', 'b'])] });
  expect((await run(bench, { maxNodes: 1 })).reason).toBe('1 node was worked on (--max-nodes); next: b');
  expect(bench.node('a').ran).toEqual(['do 1.1-work', 'do 2.1-work']);
});

test('a node whose attempt ended while no one looked counts as worked on', async () => {
  const bench = paced();
  const attempt = { step: '1.1-work', node: 'a', attempt: 1, host: 'a', scriptDigest: '' } as const;
  bench.records.push({ v: 1, seq: 1, at: new Date(0).toISOString(), type: 'attempt-started', ...attempt });
  bench.node('a').attempts.set('1.1-work.a.1', { state: { kind: 'exited', code: 0 }, output: '' });
  const result = await run(bench, { maxNodes: 1 });
  expect([result.reason, worked(bench)]).toEqual(['1 node was worked on (--max-nodes); next: b', []]);
});

test('after a node that failed there is a pause too, and never a longer one than the phase has', async () => {
  const failing = paced({ pause: 5 * MINUTE, maxFailures: 1 });
  failing.node('a').behaviours.push({ end: { kind: 'exited', code: 1 } });
  await run(failing, { maxNodes: 2 });
  expect(waits(failing)).toEqual(['pausing for 5m before b']);
  const ahead = paced({ pause: 5 * MINUTE });
  ended(ahead, 'a', 'changed', 60 * MINUTE);
  await run(ahead, { maxNodes: 1 });
  expect(waits(ahead)).toEqual(['pausing for 5m before b']);
});

test('the rest of a pause is shown in whole seconds', async () => {
  const bench = paced({ pause: 5 * MINUTE });
  ended(bench, 'a', 'changed', 0);
  bench.clock.time = 300;
  await run(bench, { maxNodes: 1 });
  expect(waits(bench)).toEqual(['pausing for 5m before b']);
});

test('a node in the middle of its steps does not pause for what was done on itself', async () => {
  const rows = NODES.flatMap((node) => [step(node, '1.1-one'), step(node, '1.2-two')]);
  const plan = planOf(NODES, rows);
  const bench = new Bench({ ...plan, phases: plan.phases.map((one) => ({ ...one, pause: 5 * MINUTE })) });
  ended(bench, 'a', 'changed', 0, '1.1-one');
  await run(bench, { maxNodes: 1 });
  expect([waits(bench), worked(bench)]).toEqual([[], ['a']]);
});

test('a window must be open long enough for the pause and the node after it', async () => {
  const window = { from: '22:00', to: '22:24', timezone: 'UTC' };
  const bench = paced({ pause: 5 * MINUTE }, { window });
  bench.clock.time = Date.parse('2026-01-03T22:00:00Z');
  const result = await run(bench);
  expect([result.outcome, worked(bench)]).toEqual(['paused', ['a']]);
  expect(result.reason).toContain('after a pause of 5m; the window closes in about 14 min');
});

test('at the very time of --until nothing begins any more', async () => {
  expect((await run(paced(), { until: 0 })).reason).toMatch(/^--until .* is over$/);
});

test('a gate whose look took so long that the node would not be done in time pauses the run', async () => {
  const ask = { kind: 'run', script: 'look', place: 'local' } as const;
  const bench = paced({ gate: { ask, for: 0, every: MINUTE, timeout: 120 * MINUTE } });
  bench.nodes.set('local', new FakeNode('local'));
  bench.node('local').probe = () => {
    bench.clock.time += 30 * MINUTE;
    return 0;
  };
  expect([(await run(bench, { until: 30 * MINUTE })).outcome, worked(bench)]).toEqual(['paused', []]);
});
