import { expect, test } from 'vitest';
import type { JournalBody, JournalRecord } from '../../src/journal/record.ts';
import type { RunSpan } from '../../src/telemetry/span.ts';
import { SpanFold } from '../../src/telemetry/span-fold.ts';
import { TraceWatcher } from '../../src/telemetry/traces.ts';
import { planOf, step } from '../engine/bench.ts';

const PLAN = planOf(['n1'], [step('n1', '1.1-a'), step('n1', '1.2-b')]);
const holder = { host: 'h', pid: 1, user: 'u' };
const began = { type: 'run-started', run: 'r', plan: '', epoch: 1, holder } as const;
const resumed = { type: 'run-resumed', epoch: 2, holder } as const;
const stopped = { type: 'run-stopped', reason: 'left running on the node' } as const;

/** Records, each at its second. */
function at(...bodies: readonly (readonly [second: number, body: JournalBody])[]): JournalRecord[] {
  return bodies.map(([second, body], index) => ({
    v: 3,
    seq: index + 1,
    at: new Date(second * 1000).toISOString(),
    ...body,
  }));
}

function started(id: string, attempt = 1): JournalBody {
  return { type: 'attempt-started', step: id, node: 'n1', attempt, host: 'n1', scriptDigest: '' };
}

function ended(id: string, attempt = 1): JournalBody {
  return { type: 'attempt-ended', step: id, node: 'n1', attempt, state: { kind: 'exited', code: 0 } };
}

function finished(id: string, seconds: number): JournalBody {
  const [outcome, duration] = ['changed', seconds * 1000] as const;
  return { type: 'step-finished', step: id, node: 'n1', outcome, reason: 'secret', duration };
}

function spansOf(records: readonly JournalRecord[]): RunSpan[] {
  const fold = new SpanFold(PLAN);
  return [...records.flatMap((record) => fold.add(record)), ...fold.end('done')];
}

/** `kind name: from-to`, in seconds. */
function sketch(spans: readonly RunSpan[]): string[] {
  return spans.map(({ kind, name, start, end }) => `${kind} ${name}: ${start / 1000}-${end / 1000}`);
}

test('a step lasts from its decision, or its first attempt, to its record; what holds it from the first to the last', () => {
  const spans = spansOf(
    at(
      [10, began],
      [12, started('1.1-a')],
      [15, ended('1.1-a')],
      [16, finished('1.1-a', 5)],
      [20, finished('1.2-b', 1)],
      [30, { type: 'run-finished' }],
    ),
  );
  expect(sketch(spans)).toEqual([
    'attempt attempt 1: 12-15',
    'step 1.1-a: 11-16',
    'step 1.2-b: 19-20',
    'node node n1: 11-20',
    expect.stringMatching(/^phase .*: 11-20$/),
    expect.stringMatching(/^run RUN .*: 10-30$/),
  ]);
  expect(JSON.stringify(spans)).not.toContain('secret');
});

test('a step that a stop left running has a span in each part, and each part nests', () => {
  const spans = spansOf(
    at(
      [10, began],
      [12, started('1.1-a')],
      [15, stopped],
      [40, resumed],
      [45, ended('1.1-a')],
      [46, finished('1.1-a', 5)],
      [50, { type: 'run-finished' }],
    ),
  );
  expect(sketch(spans).filter((text) => /^(attempt|step|node)/.test(text))).toEqual([
    'attempt attempt 1: 12-15',
    'step 1.1-a: 12-15',
    'node node n1: 12-15',
    'attempt attempt 1: 41-45',
    'step 1.1-a: 41-46',
    'node node n1: 41-46',
  ]);
  const [first] = spans;
  expect(first?.attributes['runbook.attempt.end']).toBe('left-running');
  expect(new Set(spans.map(({ id }) => id)).size).toBe(spans.length);
});

test('after a kill, what may not have left the first process is sent again, the same; what was open goes on', () => {
  const before = at(
    [10, began],
    [12, started('1.1-a')],
    [15, ended('1.1-a')],
    [16, finished('1.1-a', 5)],
    [100, finished('1.2-b', 2)],
    [104, started('1.1-a', 2)],
  );
  const after = at(
    [200, resumed],
    [204, ended('1.1-a', 2)],
    [205, finished('1.1-a', 3)],
    [206, { type: 'run-finished' }],
  );
  const of = (history: readonly JournalRecord[], records: readonly JournalRecord[]) => {
    const spans: RunSpan[] = [];
    const watcher = new TraceWatcher({ add: (more) => void spans.push(...more), close: () => Promise.resolve() });
    watcher.begin(PLAN, history);
    for (const record of records) watcher.record(record);
    return spans;
  };
  const [one, two] = [of([], before), of(before, after)];
  expect(sketch(two)).toEqual([
    'step 1.2-b: 98-100',
    'node node n1: 11-100',
    expect.stringMatching(/^phase .*: 11-100$/),
    'attempt attempt 2: 104-204',
    'step 1.1-a: 104-205',
    'node node n1: 104-205',
    expect.stringMatching(/^phase .*: 104-205$/),
  ]);
  for (const span of two.slice(0, 3)) expect(one).toContainEqual(span);
  expect(new Set([...one, ...two].map(({ id }) => id)).size).toBe(9);
});

test('after a stop nothing is sent again', () => {
  const spans: RunSpan[] = [];
  const watcher = new TraceWatcher({ add: (more) => void spans.push(...more), close: () => Promise.resolve() });
  watcher.begin(PLAN, at([10, began], [12, started('1.1-a')], [15, stopped]));
  expect(spans).toEqual([]);
});
