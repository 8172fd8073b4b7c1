import type { RunEvent } from '../event.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Plan } from '../plan/plan.ts';

/** What is shown of a run elsewhere. It only looks: nothing that it does or throws may touch the run. */
export interface RunWatcher {
  /** Before the first record of this process. `history`: what processes before it have recorded. */
  begin(plan: Plan, history: readonly JournalRecord[]): void;
  /** After the record is on disk. */
  record(record: JournalRecord): void;
  event(event: RunEvent): void;
  /** Hands on what is left, for a few seconds at most. */
  close(): Promise<void>;
}

export type Warn = (text: string, detail?: readonly string[]) => void;
