import type { JournalRecord } from '../../src/journal/record.ts';

/** Node, step and outcome of each step that ended, in its order. */
export function outcomesOf(records: readonly JournalRecord[]): string[] {
  return records.flatMap((record) =>
    record.type === 'step-finished' ? [`${record.node}/${record.step} ${record.outcome}`] : [],
  );
}
