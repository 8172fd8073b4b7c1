import { expect, test } from 'vitest';
import { sealedLine } from '../../src/journal/chain.ts';
import { misfitIn } from '../../src/journal/fits.ts';
import { JournalLines } from '../../src/journal/lines.ts';
import { openSteps } from '../../src/journal/passes.ts';
import { foldJournal } from '../../src/journal/progress.ts';
import { rebuildLines } from '../../src/journal/rebuild.ts';
import { JOURNAL_VERSION, type JournalBody } from '../../src/journal/record.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planOf, step } from '../engine/bench.ts';

const holder = { host: 'laptop', pid: 1, user: 'ann' };
const main = [step('n1', '1.1-out', { undoneBy: 'in' }), step('n1', '1.2-other'), step('n1', '1.3-work')];
const bare = planOf(['n1'], main);
const plan: Plan = {
  ...bare,
  phases: bare.phases.map((phase) => ({ ...phase, always: [step('n1', '1.a1-in', { ref: 'in' })] })),
};

/** Of a first pass in which the last step failed, and what undoes the first has run. */
const failedPass: readonly JournalBody[] = [
  { type: 'run-started', run: 'r1', plan: plan.digest, epoch: 1, holder },
  ...['1.1-out', '1.2-other', '1.3-work', '1.a1-in'].flatMap((id): JournalBody[] => [
    { type: 'attempt-started', step: id, node: 'n1', attempt: 1, host: 'n1', scriptDigest: 'd' },
    { type: 'attempt-ended', step: id, node: 'n1', attempt: 1, state: { kind: 'exited', code: 0 } },
    {
      type: 'step-finished',
      step: id,
      node: 'n1',
      outcome: id === '1.3-work' ? 'failed' : 'changed',
      reason: '',
      duration: 1,
    },
  ]),
];

function journalOf(bodies: readonly JournalBody[]): JournalLines {
  const journal = new JournalLines();
  for (const body of bodies) {
    const record = { v: JOURNAL_VERSION, seq: journal.records.length + 1, at: '2026-01-01T00:00:00.000Z', ...body };
    journal.add(sealedLine(journal.hash, record).line);
  }
  return journal;
}

test('a pass clears the outcomes of what it does again, and attempts go on counting', () => {
  const again: JournalBody = { type: 'pass-started', phase: 1, node: 'n1', pass: 2, again: ['1.1-out', '1.a1-in'] };
  const { steps } = foldJournal(journalOf([...failedPass, again]).records);
  expect(steps.get('n1/1.1-out')).toEqual({ attempts: 1, pass: 2 });
  expect(steps.get('n1/1.2-other')).toMatchObject({ outcome: 'changed' });
});

test('what a resume may run are also the steps that a further pass does again', () => {
  const { steps } = foldJournal(journalOf(failedPass).records);
  expect([...openSteps(plan, steps)].map(({ id }) => id)).toEqual(['1.1-out', '1.3-work', '1.a1-in']);
});

test('an attempt of a pass whose record is lost too counts in that pass: it is asked for, not forgotten', () => {
  const { records, lines } = journalOf(failedPass);
  const progress = foldJournal(records);
  const agreed = { run: 'r1', plan, records, lines, progress, over: false, nodes: ['n1'], dissenting: [] };
  const found = ['1.1-out.n1.1', '1.1-out.n1.2', '1.3-work.n1.2'].map((id) => ({ node: 'n1', id }));
  const rebuilt = new JournalLines();
  for (const line of rebuildLines(agreed, found, 0)) expect(rebuilt.add(line)).toBeUndefined();
  expect(rebuilt.records.slice(lines.length)).toMatchObject([
    { type: 'pass-started', phase: 1, node: 'n1', pass: 2, again: ['1.1-out', '1.a1-in'] },
    { type: 'attempt-started', step: '1.1-out', attempt: 2 },
    { type: 'attempt-started', step: '1.3-work', attempt: 2 },
  ]);
  const { steps } = foldJournal(rebuilt.records);
  expect(steps.get('n1/1.1-out')).toMatchObject({ attempts: 2, pass: 2, last: { attempt: 2 } });
  expect(steps.get('n1/1.a1-in')).toEqual({ attempts: 1, pass: 2 });
});

test('a pass of steps that the plan does not have is no record of its run', () => {
  const strange: JournalBody = { type: 'pass-started', phase: 1, node: 'n1', pass: 2, again: ['9.9-x'] };
  expect(misfitIn(journalOf([...failedPass, strange]).records, 'r1', plan)?.problem).toContain('n1/9.9-x');
});
