import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OUTCOMES } from '../../src/event.ts';
import { recordSchema } from '../../src/journal/record.ts';
import { isUsualRecord } from '../../src/journal/usual.ts';

const envelope = { v: 3, seq: 7, at: '2026-01-01T00:00:00.000Z', hash: 'a'.repeat(64), step: '1.1-a', node: 'w-1' };
const usual: readonly Record<string, unknown>[] = [
  { ...envelope, type: 'attempt-started', attempt: 1, host: 'w-1', scriptDigest: 'e' },
  { ...envelope, type: 'attempt-ended', attempt: 1, state: { kind: 'exited', code: 1 } },
  ...OUTCOMES.map((outcome) => ({ ...envelope, type: 'step-finished', outcome, reason: '', duration: 0.5 })),
];
/** What a member may be in a file that someone edited who knows how its hashes are made. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(undefined, 'exited', 'changed', 1e300, Number.MAX_SAFE_INTEGER + 1, 1.5, Infinity, NaN, {}),
  fc.record({ kind: fc.constantFrom('exited', 'timed-out', 'refused'), code: fc.jsonValue() }),
);
const members = [...new Set(usual.flatMap((record) => Object.keys(record))), 'outputs', 'leavesOut', 'other'];

test('the records that a run has most of need no schema', () => {
  expect(usual.map(isUsualRecord)).toEqual(usual.map(() => true));
});

test('what is taken without the schema is what the schema takes, member by member', () => {
  const edited = fc.record({
    record: fc.constantFrom(...usual),
    member: fc.constantFrom(...members),
    value: anything,
    second: fc.constantFrom(...members),
    other: anything,
  });
  fc.assert(
    fc.property(edited, ({ record, member, value, second, other }) => {
      for (const changed of [
        { ...record, [member]: value },
        { ...record, [member]: value, [second]: other },
      ]) {
        if (!isUsualRecord(changed)) continue;
        expect(recordSchema.safeParse(changed).data).toEqual(changed);
      }
    }),
    { numRuns: 5000 },
  );
});
