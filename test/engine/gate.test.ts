import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { runPlan } from '../../src/engine/run.ts';
import type { PlanGate } from '../../src/plan/pace.ts';
import type { RemoteNode } from '../../src/remote/attempt.ts';
import { Bench, FakeNode, planOf, step } from './bench.ts';
import { httpServer } from './http-server.ts';

const MINUTE = 60_000;

interface Answer {
  readonly status?: number;
  readonly body: string;
}

/** Answers one after the other, the last one again and again. */
async function prometheus(answers: readonly Answer[]) {
  const asked: IncomingMessage[] = [];
  const at = await httpServer((request, response) => {
    const { status = 200, body } = answers[Math.min(asked.length, answers.length - 1)] ?? { body: '' };
    asked.push(request);
    response.writeHead(status).end(body);
  });
  return { asked, url: `${at}/api/v1/query?query=errors` };
}

const rate = (value: string) => ({ body: JSON.stringify({ data: { result: [{ value: [1, value] }] } }) });
const http = (url: string, more: Partial<Extract<PlanGate['ask'], { kind: 'http' }>> = {}): PlanGate['ask'] => ({
  kind: 'http',
  url,
  method: 'GET',
  headers: {},
  secretHeaders: {},
  condition: 'status == 200 && json.data.result.all(one, double(one.value[1]) < inputs.most)',
  ...more,
});

function gated(ask: PlanGate['ask'], times: Partial<PlanGate> = {}) {
  const nodes = ['a', 'b'];
  const plan = planOf(
    nodes,
    nodes.map((node) => step(node, '1.1-work')),
  );
  const gate = { ask, for: 0, every: 15_000, timeout: 30 * MINUTE, ...times };
  const phases = plan.phases.map((phase) => ({ ...phase, gate }));
  const bench = new Bench({ ...plan, inputs: { most: 0.01 }, phases });
  bench.nodes.set('local', new FakeNode('local'));
  return bench;
}

const waits = (bench: Bench) => bench.events.flatMap((event) => (event.type === 'waiting' ? [event.message] : []));

test('a gate is asked before each batch, and the batch begins when it has held for its time without a break', async () => {
  const server = await prometheus([rate('0.5'), rate('0'), rate('0.2'), rate('0')]);
  const bench = gated(http(server.url), { for: 40_000 });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  // Three looks until it holds, 40 s of holding; before b again 40 s.
  expect(bench.clock.time).toBe(3 * 15_000 + 40_000 + 40_000);
  expect(waits(bench)).toEqual([
    expect.stringMatching(/^the gate before a does not hold: status 200, the condition is false: {"data":.*"0.5"/),
    'the gate holds; it must hold for 40s before a',
    expect.stringContaining('"0.2"'),
    'the gate holds; it must hold for 40s before a',
    'the gate holds; it must hold for 40s before b',
  ]);
});

test('the condition of a gate in an included file knows the inputs of that file', async () => {
  const server = await prometheus([rate('0.5')]);
  const bench = gated(http(server.url, { inputs: { most: 1 } }));
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(waits(bench)).toEqual([]);
});

test('a batch with nothing left to do asks no gate', async () => {
  const server = await prometheus([rate('0')]);
  const bench = gated(http(server.url));
  const end = { step: '1.1-work', node: 'a', outcome: 'changed', reason: '', duration: 0 } as const;
  bench.records.push({ v: 1, seq: 1, at: '', type: 'step-finished', ...end });
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(server.asked).toHaveLength(1);
});

test('a gate that is not reached in its time stops the run as failed, with what was seen last; a resume asks again', async () => {
  const answers = [rate('0'), { status: 503, body: 'starting' }];
  const server = await prometheus(answers);
  const bench = gated(http(server.url));
  const result = await runPlan(bench.context());
  const reason =
    'the gate of phase one did not hold within 30m; seen last: status 503, the condition is false: starting';
  expect(result).toMatchObject({ outcome: 'failed', reason, counts: { changed: 1, failed: 0 } });
  expect(bench.events).toContainEqual(expect.objectContaining({ type: 'message', level: 'error', text: reason }));
  expect(bench.clock.time).toBe(30 * MINUTE);
  answers[1] = rate('0');
  expect((await runPlan(bench.context())).outcome).toBe('done');
});

test.each([
  [{ body: 'no JSON' }, 'status 200, the condition has no value: '],
  [{ body: '{}' }, 'status 200, the condition has no value: no such key'],
  [{ body: 'x'.repeat(1024 * 1024 + 1) }, 'the answer is longer than 1 MiB'],
])('an answer that cannot be judged is no yes: %j', async (answer, why) => {
  const server = await prometheus([answer]);
  const bench = gated(http(server.url, { condition: 'json.data == 1' }), { timeout: 1 });
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(why) });
});

test('where nothing listens, the gate does not hold, and says why', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const { reason } = await runPlan(gated(http(`http://127.0.0.1:${port}/`), { timeout: 1 }).context());
  expect(reason).toContain(`seen last: 127.0.0.1:${port}: connect ECONNREFUSED`);
});

test('headers carry secrets, and one that fits into no header is not shown', async () => {
  const server = await prometheus([rate('0')]);
  const ask = http(server.url, {
    headers: { 'X-Scope': 'team' },
    secretHeaders: { Authorization: 'Bearer ${{ inputs.token }}' },
  });
  const secret = async () => 'hunter22';
  expect((await runPlan({ ...gated(ask).context(), secret })).outcome).toBe('done');
  expect(server.asked[0]?.headers).toMatchObject({ 'x-scope': 'team', authorization: 'Bearer hunter22' });
  const split = await runPlan({ ...gated(ask, { timeout: 1 }).context(), secret: async () => 'hunter\n22' });
  expect(split.reason).toContain('the secret token cannot be the value of the header Authorization');
  expect(split.reason).not.toContain('hunter');
});

test('a gate follows no redirect, which might lead its secrets to another host: its condition sees the status', async () => {
  const other: IncomingMessage[] = [];
  const elsewhere = await httpServer((request, response) => {
    other.push(request);
    response.end();
  });
  const at = await httpServer((_, response) => response.writeHead(307, { location: elsewhere }).end('moved'));
  const run = (condition: string) => {
    const ask = http(at, { secretHeaders: { 'X-Token': '${{ inputs.token }}' }, condition });
    return runPlan({ ...gated(ask, { timeout: 1 }).context(), secret: async () => 'hunter22' });
  };
  expect((await run('status < 300')).reason).toContain('seen last: status 307, the condition is false: moved');
  expect((await run('status == 307')).outcome).toBe('done');
  expect(other).toEqual([]);
});

test('a command as a gate knows the nodes that wait for it, and leaves no attempt', async () => {
  const bench = gated({ kind: 'run', script: 'promtool check', place: 'local' });
  let looks = 0;
  bench.node('local').probe = () => ((looks += 1) % 2 === 0 ? 0 : 3);
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.node('local').probes[0]).toBe(
    'export RUNBOOK_RUN=run-1\nexport RUNBOOK_PHASE=one\nexport RUNBOOK_NODES=a\npromtool check',
  );
  expect(waits(bench)).toEqual(['the gate before a does not hold: exit 3', 'the gate before b does not hold: exit 3']);
  expect(bench.types().some((type) => type.includes('local'))).toBe(false);
});

test('the operator stops the run at a gate at once, also while an answer is awaited', async () => {
  const stop = new AbortController();
  const at = await httpServer(() => {
    stop.abort();
  });
  const bench = gated(http(`${at}/`));
  expect((await runPlan(bench.context(stop))).outcome).toBe('stopped');
  expect(bench.types()).toEqual([]);
});

test('a look takes no longer than its gate has left', async () => {
  const at = await httpServer(() => undefined);
  const asked = performance.now();
  const { outcome, reason } = await runPlan(gated(http(`${at}/`), { timeout: 1500 }).context());
  expect({ outcome, reason }).toEqual({ outcome: 'failed', reason: expect.stringMatching(/no answer within 1 s$/) });
  expect(performance.now() - asked).toBeLessThan(9000);

  const times: (number | undefined)[] = [];
  const bench = askedOnControlPlane((_script, options) => {
    times.push(options?.timeout);
    return Promise.resolve({ code: 1, stdout: '', stderr: '' });
  });
  await runPlan(bench.context());
  expect(times).not.toEqual([]);
  expect(times.every((time) => time === 1000)).toBe(true);
});

test('a gate that holds too late for the end of the night pauses the run', async () => {
  const server = await prometheus([rate('0.5')]);
  const bench = gated(http(server.url));
  const result = await runPlan({ ...bench.context(), bounds: { until: 10 * MINUTE } });
  expect(result).toMatchObject({ outcome: 'paused', counts: { changed: 0 } });
  expect(bench.clock.time).toBeLessThan(10 * MINUTE);
});

/** A gate by a command on the control plane `a`, which this answers. */
function askedOnControlPlane(answer: RemoteNode['probe']) {
  const nodes = ['a', 'b'];
  const plan = planOf(
    nodes,
    nodes.map((node) => step(node, '1.1-work')),
  );
  const gate = { ask: { kind: 'run', script: 'x', place: 'control-plane' }, for: 0, every: 1, timeout: 1 } as const;
  const bench = new Bench({
    ...plan,
    nodes: plan.nodes.map((node) => (node.name === 'a' ? { ...node, role: 'control-plane' } : node)),
    phases: plan.phases.map((phase) => ({ ...phase, gate })),
  });
  const node = bench.node('a');
  const link = node.link.bind(node);
  node.link = () => ({ ...link(), probe: answer });
  return bench;
}

test('a command as a gate can run on a control plane, and its last line says why the gate does not hold', async () => {
  const both = askedOnControlPlane(async () => ({ code: 3, stdout: 'one\ntwo\n', stderr: 'three\nfour\n' }));
  expect((await runPlan(both.context())).reason).toContain('seen last: exit 3: four');
  const quiet = askedOnControlPlane(async () => ({ code: 3, stdout: 'one\ntwo\n', stderr: '' }));
  expect((await runPlan(quiet.context())).reason).toContain('seen last: exit 3: two');
});

test('a command of a gate that does not end is not waited for once the operator stops the run', async () => {
  const stop = new AbortController();
  const bench = askedOnControlPlane(() => {
    stop.abort();
    return new Promise(() => undefined);
  });
  expect((await runPlan(bench.context(stop))).outcome).toBe('stopped');
});

test('what is wrong with the program itself is no answer of a gate', async () => {
  const bench = askedOnControlPlane(() => Promise.reject(new TypeError('a bug')));
  await expect(runPlan(bench.context())).rejects.toThrow('a bug');
});
