import { expect, test } from 'vitest';
import { foldJournal } from '../../src/journal/progress.ts';
import type { JournalBody, JournalRecord } from '../../src/journal/record.ts';

const step = { step: '1.1-x', node: 'n1' };
const holder = { host: 'h', pid: 1, user: 'u' };
const started: JournalBody = { type: 'run-started', run: 'r', plan: 'd', epoch: 1, holder };
const attempt = (number: number): JournalBody => ({
  type: 'attempt-started',
  ...step,
  attempt: number,
  host: 'n1',
  scriptDigest: 'x',
});

function fold(...bodies: JournalBody[]) {
  const records = bodies.map((body, index): JournalRecord => ({ v: 1, seq: index + 1, at: `t${index}`, ...body }));
  return foldJournal(records);
}

test('an attempt without an end is open: its node must be asked', () => {
  expect(fold(started, attempt(1)).steps.get('n1/1.1-x')).toEqual({ attempts: 1, last: { attempt: 1, host: 'n1' } });
});

test('a second attempt forgets the outcome of the first, not how many there were', () => {
  const { steps } = fold(
    started,
    attempt(1),
    { type: 'attempt-ended', ...step, attempt: 1, state: { kind: 'exited', code: 1 } },
    { type: 'step-finished', ...step, outcome: 'failed', reason: 'exited with 1', duration: 5 },
    attempt(2),
  );
  const known = steps.get('n1/1.1-x');
  expect(known?.outcome).toBeUndefined();
  expect(known?.attempts).toBe(2);
  expect(known?.last).toEqual({ attempt: 2, host: 'n1' });
});

test("the operator's word settles a step, or allows it again", () => {
  const unknown: JournalBody = { type: 'step-finished', ...step, outcome: 'unknown', reason: 'killed', duration: 5 };
  const done = fold(started, attempt(1), unknown, { type: 'step-treated', ...step, as: 'done', by: 'ann' });
  expect(done.steps.get('n1/1.1-x')).toMatchObject({ outcome: 'changed', reason: 'ann reported it done' });
  const again = fold(started, attempt(1), unknown, { type: 'step-treated', ...step, as: 'again', by: 'ann' });
  expect(again.steps.get('n1/1.1-x')).toMatchObject({ outcome: 'unknown', treatedAgain: true });
  const failed: JournalBody = {
    type: 'step-finished',
    ...step,
    outcome: 'failed',
    reason: 'exited with 1',
    duration: 5,
  };
  const answer = { type: 'step-treated', ...step, as: 'skip', by: 'ann', reason: 'not needed here' } as const;
  const skipped = fold(started, attempt(1), failed, answer);
  expect(skipped.steps.get('n1/1.1-x')).toMatchObject({
    outcome: 'skipped',
    reason: 'ann skipped it: not needed here',
  });
});

test('the state of a run is that of its last record about it', () => {
  expect(fold(started).state).toBe('running');
  expect(fold(started, { type: 'run-stopped', reason: 'why' })).toMatchObject({ state: 'stopped', reason: 'why' });
  const resumed = fold(started, { type: 'run-stopped', reason: 'why' }, { type: 'run-resumed', epoch: 2, holder });
  expect(resumed).toMatchObject({ state: 'running', epoch: 2 });
  expect(fold(started, { type: 'run-finished' }).state).toBe('done');
  expect(fold(started, { type: 'run-abandoned', reason: 'new' }).state).toBe('abandoned');
});
