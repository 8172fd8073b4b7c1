import { expect, test } from 'vitest';
import { runPlan } from '../../src/engine/run.ts';
import { Failure } from '../../src/failure.ts';
import { Bench, planOf, step } from './bench.ts';

const ok = { kind: 'exited', code: 0 } as const;
const bad = { kind: 'exited', code: 7 } as const;

test('an attempt is in the journal before it is sent, and its end before anyone is told', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a')]));
  bench.onRecord = (record) => {
    if (record.type === 'attempt-started') expect(bench.node('n1').ran).toEqual([]);
    if (record.type === 'step-finished') expect(bench.events.map((event) => event.type)).not.toContain('step-finished');
  };
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.types()).toEqual(['attempt-started n1/1.1-a', 'attempt-ended n1/1.1-a', 'step-finished n1/1.1-a']);
  expect(bench.node('n1').ran).toEqual(['do 1.1-a']);
});

test.each(['disk', 'link'])('a lock that is lost while the %s is slow stops the claim behind it', async (slow) => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a')]));
  let isLost = false;
  if (slow === 'link') bench.node('n1').behaviours.push({ end: ok, cut: 'before-claim' });
  bench.onRecord = ({ type }) => {
    isLost ||= slow === 'disk' && type === 'attempt-started';
  };
  const assertHeld = async () => {
    isLost ||= bench.events.some(({ type }) => type === 'connection-lost');
    if (isLost) throw new Failure('locked', 'taken over');
  };
  await expect(runPlan({ ...bench.context(), assertHeld })).rejects.toMatchObject({ kind: 'locked' });
  expect([bench.types(), bench.node('n1').ran]).toEqual([['attempt-started n1/1.1-a'], []]);
  isLost = false;
  bench.events.length = 0;
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n1').ran).toEqual(['do 1.1-a']);
});

test('a link that is lost while the script runs costs no second run and no byte of output', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a')]));
  bench.node('n1').behaviours.push({ output: 'one\ntwo\n', end: ok, cut: 'while-running' });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n1').ran).toHaveLength(1);
  expect(bench.logs.get('n1/1.1-a.1.log')).toBe('one\ntwo\n');
  expect(bench.events.map((event) => event.type)).toEqual(expect.arrayContaining(['connection-lost', 'reconnected']));
});

test('a link that is lost before the claim: the same attempt is sent again, once', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a')]));
  bench.node('n1').behaviours.push({ end: ok, cut: 'before-claim' }, { end: ok });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n1').ran).toHaveLength(1);
  expect([...bench.node('n1').attempts.keys()]).toEqual(['1.1-a.n1.1']);
});

test('a failure stops what would come after it, names the step, and a resume tries it again', async () => {
  const bench = new Bench(planOf(['n1', 'n2'], [step('n1', '1.1-a'), step('n1', '1.2-b'), step('n2', '1.1-a')]));
  bench.node('n1').behaviours.push({ output: 'boom\n', end: bad });
  const result = await runPlan(bench.context());
  expect(result).toMatchObject({ outcome: 'failed', reason: 'exited with 7', counts: { failed: 1, changed: 0 } });
  expect(bench.node('n2').ran).toEqual([]);
  expect(bench.events.find((event) => event.type === 'step-finished')).toMatchObject({
    tail: ['boom'],
    log: 'n1/1.1-a.1.log',
  });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n1').ran).toEqual(['do 1.1-a', 'do 1.1-a', 'do 1.2-b']);
  expect(bench.node('n2').ran).toEqual(['do 1.1-a']);
});

test('the other nodes of a batch come to their end; the next batch does not begin', async () => {
  const nodes = ['n1', 'n2', 'n3'];
  const bench = new Bench(
    planOf(
      nodes,
      nodes.flatMap((node) => [step(node, '1.1-a'), step(node, '1.2-b')]),
      0,
      2,
    ),
  );
  bench.node('n1').behaviours.push({ end: bad });
  expect((await runPlan(bench.context())).outcome).toBe('failed');
  expect(bench.node('n2').ran).toEqual(['do 1.1-a', 'do 1.2-b']);
  expect(bench.node('n3').ran).toEqual([]);
});

test('with maxFailures the phase goes on without the failed node, and the run still fails', async () => {
  const nodes = ['n1', 'n2'];
  const bench = new Bench(
    planOf(
      nodes,
      nodes.flatMap((node) => [step(node, '1.1-a'), step(node, '1.2-b')]),
      1,
    ),
  );
  bench.node('n1').behaviours.push({ end: bad });
  expect((await runPlan(bench.context())).outcome).toBe('failed');
  expect(bench.node('n1').ran).toEqual(['do 1.1-a']);
  expect(bench.node('n2').ran).toEqual(['do 1.1-a', 'do 1.2-b']);
});

test('retries are new attempts, as many as given', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a', { retries: 2 })]));
  bench.node('n1').behaviours.push({ end: bad }, { end: { kind: 'timed-out' } });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect([...bench.node('n1').attempts.keys()]).toEqual(['1.1-a.n1.1', '1.1-a.n1.2', '1.1-a.n1.3']);
  bench.node('n1').behaviours.push({ end: bad }, { end: bad }, { end: bad }, { end: bad });
  const other = new Bench(planOf(['n1'], [step('n1', '1.1-a', { retries: 1 })]));
  other.node('n1').behaviours.push({ end: bad }, { end: bad }, { end: ok });
  expect((await runPlan(other.context())).outcome).toBe('failed');
  expect(other.node('n1').ran).toHaveLength(2);
});

test('a check of a step for bash is read by bash, and so is told apart where there is none', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a', { check: 'x=(1)', shell: 'bash' })]));
  await runPlan(bench.context());
  expect(bench.node('n1').probes[0]).toMatch(/command -v bash.*exit 127.*\nexec bash -c 'x=\(1\)'\n$/);
});

test('a check that exits 0 leaves the step unchanged; one that still fails afterwards fails it', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a', { check: 'test -e x', env: { A: "it's" } })]));
  bench.node('n1').probe = () => 0;
  expect((await runPlan(bench.context())).counts).toMatchObject({ unchanged: 1 });
  expect(bench.node('n1').ran).toEqual([]);
  expect(bench.node('n1').probes).toEqual([`export A='it'\\''s'\ntest -e x`]);
  const other = new Bench(planOf(['n1'], [step('n1', '1.1-a', { check: 'test -e x' })]));
  expect(await runPlan(other.context())).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('check') });
});

test('an interrupted step of effect once is never sent again unless somebody says so', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a')]));
  bench.node('n1').behaviours.push({ end: { kind: 'interrupted', rebooted: true } });
  for (let tries = 0; tries < 2; tries += 1) {
    const result = await runPlan(bench.context());
    expect(result).toMatchObject({ outcome: 'failed', counts: { unknown: 1 } });
    expect(result.reason).toContain('--treat n1/1.1-a=done');
  }
  expect(bench.node('n1').ran).toHaveLength(1);
  bench.records.push({
    v: 1,
    seq: 99,
    at: '',
    type: 'step-treated',
    step: '1.1-a',
    node: 'n1',
    as: 'again',
    by: 'ann',
  });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n1').ran).toHaveLength(2);
});

test('an interrupted repeatable step is sent again by itself', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a', { effect: 'repeatable' })]));
  bench.node('n1').behaviours.push({ end: { kind: 'interrupted', rebooted: false } });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n1').ran).toHaveLength(2);
});

test('a repeatable step that is cut off each time, as by a reboot of its own, ends as failed', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a', { effect: 'repeatable' })]));
  const cut = { end: { kind: 'interrupted', rebooted: true } } as const;
  bench.node('n1').behaviours.push(cut, cut, cut, cut, cut, cut);
  const { outcome, reason } = await runPlan(bench.context());
  expect(outcome).toBe('failed');
  expect(reason).toContain('cut off 3 times');
  expect(bench.node('n1').ran).toHaveLength(3);
});

test('still running after its time limit is unknown, and a resume takes it up without sending it again', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a', { onTimeout: 'leave' })]));
  bench.node('n1').behaviours.push({ output: 'all of it', end: { kind: 'running' } });
  expect((await runPlan(bench.context())).counts).toMatchObject({ unknown: 1 });
  bench.node('n1').attempts.set('1.1-a.n1.1', { state: ok, output: 'all of it, and more' });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n1').ran).toHaveLength(1);
  expect(bench.logs.get('n1/1.1-a.1.log')).toBe('all of it, and more');
});

test('the controller may end after any record: every step still runs exactly once', async () => {
  const steps = ['n1', 'n2'].flatMap((node) => [step(node, '1.1-a'), step(node, '1.2-b')]);
  const whole = new Bench(planOf(['n1', 'n2'], steps));
  await runPlan(whole.context());
  for (let crash = 1; crash <= whole.records.length; crash += 1) {
    const bench = new Bench(planOf(['n1', 'n2'], steps));
    bench.onRecord = () => {
      if (bench.records.length === crash) throw new Error('killed');
    };
    await expect(runPlan(bench.context()), `after record ${crash}`).rejects.toThrow('killed');
    bench.onRecord = () => undefined;
    expect((await runPlan(bench.context())).outcome).toBe('done');
    for (const node of ['n1', 'n2'])
      expect(bench.node(node).ran, `crash after record ${crash}`).toEqual(['do 1.1-a', 'do 1.2-b']);
  }
});

test('a request of a dead controller that arrives late is taken up: just that attempt is sent again, never a second one', async () => {
  for (const late of ['while facts are read', 'never'] as const) {
    const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a', { check: 'test -e x' })]));
    bench.onRecord = (record) => {
      if (record.type === 'attempt-started') throw new Error('killed');
    };
    await expect(runPlan(bench.context())).rejects.toThrow('killed');
    bench.onRecord = () => undefined;
    const node = bench.node('n1');
    node.probe = () => {
      // The check fails once more, and by now the late one has been claimed; after it the check succeeds.
      if (late !== 'never' && node.attempts.size === 0) {
        node.attempts.set('1.1-a.n1.1', { state: ok, output: 'late' });
        return 1;
      }
      return node.attempts.size > 0 ? 0 : 1;
    };
    expect((await runPlan(bench.context())).counts, late).toMatchObject({ changed: 1 });
    expect([...node.attempts.keys()], late).toEqual(['1.1-a.n1.1']);
    expect(node.ran, late).toHaveLength(late === 'never' ? 1 : 0);
    expect(
      bench.types().filter((type) => type.startsWith('attempt-started')),
      late,
    ).toHaveLength(1);
  }
});

test('a late request that makes the step done while facts are read is followed to its end before anything comes after it', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a', { check: 'test -e x' })]));
  bench.onRecord = (record) => {
    if (record.type === 'attempt-started') throw new Error('killed');
  };
  await expect(runPlan(bench.context())).rejects.toThrow('killed');
  bench.onRecord = () => undefined;
  bench.node('n1').probe = () => {
    bench.node('n1').attempts.set('1.1-a.n1.1', { state: ok, output: 'all of it' });
    return 0;
  };
  expect((await runPlan(bench.context())).counts).toMatchObject({ changed: 1 });
  expect(bench.types()).toContain('attempt-ended n1/1.1-a');
  expect(bench.logs.get('n1/1.1-a.1.log')).toBe('all of it');
});

test('once told to stop, the running step is finished and nothing new begins', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a'), step('n1', '1.2-b')]));
  const stop = new AbortController();
  bench.onRecord = (record) => {
    if (record.type === 'attempt-started') stop.abort();
  };
  expect(await runPlan(bench.context(stop))).toMatchObject({ outcome: 'stopped', counts: { changed: 1 } });
  expect(bench.node('n1').ran).toEqual(['do 1.1-a']);
});

test('told to leave, the run ends at once and the attempt stays open in the journal', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a')]));
  const leave = new AbortController();
  bench.onRecord = (record) => {
    if (record.type === 'attempt-started') leave.abort();
  };
  expect((await runPlan(bench.context(undefined, leave))).outcome).toBe('stopped');
  expect(bench.types()).toEqual(['attempt-started n1/1.1-a']);
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('n1').ran).toHaveLength(1);
});

test('a script that exited with 0 is settled on a resume, even where no facts can be read', async () => {
  const bench = new Bench(
    planOf(['n1'], [step('n1', 'a'), step('n1', 'b', { action: 'reboot', effect: 'repeatable' })]),
  );
  bench.onRecord = (record) => {
    if (record.type === 'step-finished') throw new Error('killed');
  };
  await expect(runPlan({ ...bench.context(), facts: { nodes: {} } })).rejects.toThrow('killed');
  bench.records.pop();
  bench.onRecord = () => undefined;
  const resumed = bench.context();
  await runPlan(resumed).catch(() => undefined);
  expect(resumed.progress.get('n1/a')).toMatchObject({ outcome: 'changed', reason: 'exited with 0' });
  expect(bench.node('n1').ran).toHaveLength(1);
});
