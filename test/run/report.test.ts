import { describe, expect, test } from 'vitest';
import { reportSchema } from '../../src/render/report-data.ts';
import { endOf } from '../../src/render/report/words.ts';
import { attemptKey } from '../../src/run/report/build.ts';
import { planOf, step } from '../engine/bench.ts';
import { ann, at, attempt, begun, bob, finished, outPlan, ref, reportOf, RUN } from './report-bench.ts';

const HOLDER = {
  version: 1,
  pidStart: '1',
  bootId: 'b',
  id: 'l',
  run: RUN,
  runbook: 'test',
  cluster: 'test',
  startedAt: at(0),
  ...ann,
} as const;

const [drain, work, uncordon] = [ref('1.1-drain'), ref('1.2-work'), ref('1.3-uncordon')];

describe('a run that failed, was killed in its second try, and was taken over by someone else', () => {
  const report = reportOf(
    outPlan(),
    [
      [0, begun],
      ...attempt(drain, 1, 1, 5),
      [6, finished(drain, 'changed', 'drained')],
      ...attempt(work, 1, 7, 9, 3),
      [10, finished(work, 'failed', 'exit status 3')],
      [11, { type: 'run-stopped', reason: 'n1 failed' }],
      [100, { type: 'run-resumed', epoch: 2, holder: ann }],
      ...attempt(work, 2, 101),
      [300, { type: 'run-resumed', epoch: 3, holder: bob }],
      [301, { type: 'attempt-ended', ...work, attempt: 2, state: { kind: 'exited', code: 0 } }],
      [302, finished(work, 'changed', 'exited with 0')],
      ...attempt(uncordon, 1, 303, 304),
      [305, finished(uncordon, 'changed')],
      [306, { type: 'run-finished' }],
    ],
    {
      outputs: new Map([
        [attemptKey('n1', '1.2-work', 1), { text: 'the same' }],
        [attemptKey('n1', '1.2-work', 2), { text: 'the same' }],
      ]),
    },
  );

  test('fits its schema', () => {
    expect(reportSchema.parse(report)).toEqual(report);
  });

  test('has each stretch of work with its outcome and its attempts, at the times of the journal', () => {
    expect(report.steps[1]).toMatchObject({
      outcome: 'changed',
      spans: [
        {
          from: at(7),
          to: at(10),
          outcome: 'failed',
          reason: 'exit status 3',
          attempts: [{ attempt: 1, from: at(7), to: at(9), end: { kind: 'exited', code: 3 } }],
        },
        { from: at(101), to: at(302), outcome: 'changed', attempts: [{ attempt: 2, to: at(301) }] },
      ],
    });
    expect(report).toMatchObject({ state: 'done', startedAt: at(0), lastAt: at(306) });
  });

  test('says who started it, who resumed it, and who took it over from whom', () => {
    expect(report.marks.map(({ at: when, kind, by }) => [when, kind, by])).toEqual([
      [at(0), 'started', 'ann on laptop (process 7)'],
      [at(10), 'failed', undefined],
      [at(11), 'stopped', undefined],
      [at(100), 'resumed', 'ann on laptop (process 7)'],
      [at(101), 'retried', undefined],
      [at(300), 'taken-over', 'bob on desk (process 9)'],
      [at(306), 'done', undefined],
    ]);
    expect(report.marks[5]?.text).toBe(
      'the run was taken over from ann on laptop (process 7), which recorded no stop, epoch 3; ' +
        '1 attempt without a recorded end followed: n1/1.2-work',
    );
  });

  test('its node was out of service from the drain to the uncordon, also while no one worked on it', () => {
    expect(report.nodes[0]?.outages).toEqual([{ from: at(1), to: at(305) }]);
  });

  test('keeps a repeated text once', () => {
    expect(report.texts.filter((text) => text === 'the same')).toHaveLength(1);
    const outputs = report.steps[1]?.spans.map(({ attempts }) => attempts[0]?.output);
    expect(outputs?.[0]).toBeTypeOf('number');
    expect(outputs?.[1]).toBe(outputs?.[0]);
  });
});

test.each([
  ['its script ended with an error, which uncordons it', attempt(drain, 1, 1, 5, 1), [{ from: at(1), to: at(5) }]],
  ['its script has no known end', attempt(drain, 1, 1), [{ from: at(1) }]],
] as const)('a drain takes its node out of service; where %s', (_why, records, outages) => {
  expect(reportOf(outPlan(), [[0, begun], ...records]).nodes[0]?.outages).toEqual(outages);
});

test('a node that someone else had cordoned is out of service throughout, whatever the run does', () => {
  const plan = outPlan();
  const before = { unschedulable: true, held: [] };
  const cordoned = { ...plan, nodes: plan.nodes.map((node) => ({ ...node, before })) };
  const report = reportOf(cordoned, [
    [0, begun],
    [1, finished(drain, 'unchanged')],
    [9, finished(uncordon, 'unchanged', 'n1 was cordoned before this run: left so')],
  ]);
  expect(report.nodes[0]?.outages).toEqual([{ from: at(0), before: true }]);
});

test('closing a run ends the time out of service', () => {
  const closed = { type: 'run-abandoned', reason: 'no time', by: 'ann' } as const;
  const report = reportOf(outPlan(), [[0, begun], ...attempt(drain, 1, 1, 2), [60, closed]]);
  expect(report.nodes[0]?.outages).toEqual([{ from: at(1), to: at(60) }]);
  expect(report).toMatchObject({ state: 'closed', marks: [{ kind: 'started' }, { kind: 'closed', by: 'ann' }] });
});

test('overrides, answers and approvals have who gave them, and when', () => {
  const plan = planOf(
    ['n1'],
    [step('n1', '1.1-ask', { action: 'approve', title: 'Ask' }), step('n1', '1.2-work', { title: 'Work' })],
  );
  const report = reportOf({ ...plan, overrides: [{ guard: 'disk-room', node: 'n1', reason: 'a disk comes' }] }, [
    [0, begun],
    [0, { type: 'guard-overridden', guard: 'disk-room', on: 'n1', reason: 'a disk comes', by: 'ann' }],
    [5, finished(ref('1.1-ask'), 'unchanged', 'approved by ann on the terminal')],
    ...attempt(work, 1, 6),
    [9, { type: 'step-treated', ...work, as: 'done', by: 'bob', reason: 'seen' }],
  ]);
  expect(report.overrides).toEqual([{ guard: 'disk-room', node: 'n1', reason: 'a disk comes', by: 'ann', at: at(0) }]);
  expect(report.marks.slice(1)).toEqual([
    { at: at(0), kind: 'overridden', text: 'disk-room: a disk comes', by: 'ann', node: 'n1' },
    {
      at: at(5),
      kind: 'approved',
      node: 'n1',
      step: '1.1-ask',
      text: 'Ask: approved by ann on the terminal',
      by: 'ann on laptop (process 7)',
    },
    { at: at(9), kind: 'answered', node: 'n1', step: '1.2-work', text: 'Work: reported done: seen', by: 'bob' },
  ]);
});

test('a run without a journal, facts and output is reported as its plan', () => {
  const report = reportOf(outPlan(), []);
  expect(reportSchema.parse(report)).toMatchObject({
    state: 'not started',
    kind: 'plan',
    counts: { change: 3 },
    marks: [],
  });
  expect(report.gaps).toEqual([]);
});

test('names and output bring no control characters into a report', () => {
  const plan = planOf(
    ['n1'],
    [step('n1', '1.1-a', { title: 'a\u001b[31mred\u0000\u202e', commands: ['echo \u001b[2J'] })],
  );
  const report = reportOf(plan, [
    [0, begun],
    [1, finished(ref('1.1-a'), 'failed', 'no\u0007\nmore')],
  ]);
  expect(JSON.stringify(report)).not.toMatch(/[^\\]\\u00(1b|00|07)/);
  expect(report.steps[0]).toMatchObject({ title: 'ared', reason: 'no more' });
  expect(report.texts).toContain('echo \\u001b[2J');
});

test.each([
  ['at work', { kind: 'alive', holder: HOLDER }, 'running', 'running', 3600],
  ['killed', { kind: 'gone', holder: HOLDER }, 'died', 'left-running', 10],
] as const)(
  'the bar of a step of a run that is %s reaches to the end of what is known',
  (_what, life, state, outcome, end) => {
    const report = reportOf(outPlan(), [[0, begun], ...attempt(drain, 1, 10)], { life });
    expect(report).toMatchObject({ state, steps: [{ outcome, spans: [{ from: at(10) }] }, {}, {}] });
    expect(endOf(report)).toBe(at(end));
  },
);
