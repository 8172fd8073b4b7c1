import { expect, test } from 'vitest';
import { type HookContext, runHooks, type RunEnd } from '../../src/engine/hooks.ts';
import type { Request, Send } from '../../src/engine/send.ts';
import { foldJournal } from '../../src/journal/progress.ts';
import type { PlanHook } from '../../src/plan/hook-schema.ts';
import { Bench, FakeNode, planOf, step } from './bench.ts';

const counts = { changed: 1, unchanged: 0, skipped: 0, failed: 1, unknown: 0 };
const failed: RunEnd = {
  outcome: 'failed',
  reason: `exited with 7: "it's"`,
  at: { node: 'n1', step: '1.1-a' },
  counts,
};

function hook(more: Partial<PlanHook> = {}): PlanHook {
  return {
    id: 'onFailure.1-notify',
    on: 'failure',
    title: 'notify https://hooks.example/x',
    timeout: 60_000,
    notify: { url: 'https://hooks.example/x', headers: {} },
    ...more,
  };
}

interface Rig {
  readonly bench: Bench;
  readonly sent: Request[];
  readonly context: (more?: Partial<HookContext>) => HookContext;
}

function rig(hooks: readonly PlanHook[], answer?: string): Rig {
  const bench = new Bench({ ...planOf(['n1'], [step('n1', '1.1-a')]), inputs: { team: 'sre' }, hooks });
  bench.nodes.set('local', new FakeNode('local'));
  const sent: Request[] = [];
  const send: Send = async (request) => {
    sent.push(request);
    return answer;
  };
  return { bench, sent, context: (more = {}) => ({ ...bench.context(), send, ...more }) };
}

function messages({ bench }: Rig, level: string): string[] {
  return bench.events.flatMap((event) => (event.type === 'message' && event.level === level ? [event.text] : []));
}

test('a failure is notified with all that is known, and what is for another end is not done', async () => {
  const one = rig([hook(), hook({ id: 'onSuccess.1-notify', on: 'success' })]);
  await runHooks(one.context(), failed);
  expect(one.sent).toHaveLength(1);
  expect(one.sent[0]).toMatchObject({
    url: 'https://hooks.example/x',
    headers: { 'content-type': 'application/json' },
  });
  expect(JSON.parse(one.sent[0]?.body ?? '')).toEqual({
    run: 'run-1',
    runbook: 'test',
    cluster: 'test',
    outcome: 'failed',
    reason: `exited with 7: "it's"`,
    node: 'n1',
    step: '1.1-a',
    counts,
    at: expect.stringMatching(/^\d{4}-/),
  });
  expect(messages(one, 'warning')).toEqual([]);
});

test.each([
  ['done', 'success'],
  ['failed', 'failure'],
  ['refused', 'failure'],
  ['stopped', 'stop'],
  ['paused', 'stop'],
] as const)('a run that is %s: on %s', async (outcome, on) => {
  const all = (['failure', 'stop', 'success'] as const).map((moment) => hook({ id: `${moment}.1-x`, on: moment }));
  const one = rig(all);
  await runHooks(one.context(), { outcome, reason: '', counts });
  expect(one.bench.records).toMatchObject([
    { type: 'hook-started', hook: `${on}.1-x`, attempt: 1 },
    { type: 'hook-ended', hook: `${on}.1-x`, attempt: 1 },
  ]);
});

test('a body of the runbook takes inputs and the end of the run, and quotes them', async () => {
  const body = { text: '${{ inputs.team }}: ${{ run.outcome }} at ${{ run.node }}: ${{ run.reason }}' };
  const one = rig([hook({ notify: { url: 'https://hooks.example/x', headers: {}, body } })]);
  await runHooks(one.context(), failed);
  expect(JSON.parse(one.sent[0]?.body ?? '')).toEqual({ text: `sre: failed at n1: exited with 7: "it's"` });
});

test('an address and a header may hold a secret, which no message and no record has', async () => {
  const url = { before: 'https://hooks.example/', secret: 'path', after: '' };
  const headers = { Authorization: { before: 'Bearer ', secret: 'token', after: '' } };
  const one = rig([hook({ title: 'notify the address in path', notify: { url, headers } })], 'it was answered 500');
  await runHooks(one.context({ secret: async (input) => `s3cret-${input}` }), failed);
  expect(one.sent[0]).toMatchObject({
    url: 'https://hooks.example/s3cret-path',
    headers: { authorization: 'Bearer s3cret-token' },
  });
  expect(messages(one, 'warning')).toEqual(['onFailure: notify the address in path: it was answered 500']);
  expect(JSON.stringify([one.bench.events, one.bench.records])).not.toContain('s3cret');
});

test('it is in the journal before it acts, and what a controller does not live to do is not done later', async () => {
  const one = rig([hook()]);
  one.bench.onRecord = ({ type }) => {
    if (type === 'hook-started') {
      expect(one.sent).toEqual([]);
      throw new Error('killed');
    }
  };
  await runHooks(one.context(), failed);
  expect(one.sent).toEqual([]);
  expect(foldJournal(one.bench.records).state).toBe('running');
});

test('commands run on this machine with what is known of the end, and a failure of theirs is a warning', async () => {
  const { notify: _notify, ...bare } = hook();
  const one = rig([{ ...bare, title: 'page', script: 'page' }]);
  one.bench.node('local').behaviours.push({ output: 'no such pager\n', end: { kind: 'exited', code: 3 } });
  await runHooks(one.context(), failed);
  expect(one.bench.node('local').ran[0]).toContain(`export RUNBOOK_REASON='exited with 7: "it'\\''s"'\n`);
  expect(one.bench.node('local').ran[0]).toMatch(/export RUNBOOK_RUN=run-1\npage$/);
  expect([...one.bench.node('local').attempts.keys()]).toEqual(['onFailure.1-notify.local.1']);
  const warning = one.bench.events.find((event) => event.type === 'message' && event.level === 'warning');
  expect(warning).toMatchObject({
    text: 'onFailure: page: exited with 3',
    detail: ['no such pager', expect.any(String)],
  });
  expect(one.bench.records.at(-1)).toMatchObject({ type: 'hook-ended', problem: 'exited with 3' });
});

test('a request that gets no answer ends at its time limit', async () => {
  const one = rig([hook({ timeout: 5000 })]);
  const send: Send = ({ signal }) =>
    new Promise((resolve) => {
      if (signal.aborted) resolve('no answer in time');
      signal.addEventListener('abort', () => {
        resolve('no answer in time');
      });
    });
  await runHooks(one.context({ send }), failed);
  expect(one.bench.clock.time).toBe(5000);
  expect(messages(one, 'warning')).toEqual(['onFailure: notify https://hooks.example/x: no answer in time']);
});

test('after a second Ctrl-C nothing is waited for, and what did not begin is left out', async () => {
  const { notify: _notify, ...bare } = hook();
  const one = rig([{ ...bare, id: 'onFailure.1-run', title: 'page', script: 'page' }, hook({ id: 'onFailure.2-x' })]);
  const leave = new AbortController();
  one.bench.onRecord = ({ type }) => {
    if (type === 'hook-started') leave.abort();
  };
  const context = one.context();
  await runHooks({ ...context, control: { ...context.control, leave: leave.signal } }, failed);
  expect(messages(one, 'warning')).toEqual(['onFailure: page: left running on this machine, until its time limit']);
  expect(messages(one, 'info')).toContain('left out: onFailure: notify https://hooks.example/x');
  expect(one.sent).toEqual([]);
});
