import { OUTCOMES } from '../event.ts';
import { JOURNAL_VERSION, type JournalRecord } from './record.ts';

type Members = Readonly<Record<string, unknown>>;

const OUTCOME_NAMES: ReadonlySet<unknown> = new Set(OUTCOMES);

/**
 * The records that a long run is made of, checked by hand, which takes a tenth of the time of their schema: exactly
 * these members, of the present version. Anything else is not refused by this, but left to the schema.
 */
export function isUsualRecord(value: unknown): value is JournalRecord {
  if (!hasMembers(value) || value['v'] !== JOURNAL_VERSION) return false;
  const { seq, at, hash, step, node } = value;
  const isSealed = isInt(seq) && isText(at) && isText(hash);
  return isSealed && isText(step) && isText(node) && isOfKind(value, Object.keys(value).length);
}

function isOfKind(value: Members, members: number): boolean {
  switch (value['type']) {
    case 'attempt-started':
      return members === 10 && isInt(value['attempt']) && isText(value['host']) && isText(value['scriptDigest']);
    case 'attempt-ended':
      return members === 9 && isInt(value['attempt']) && isExited(value['state']);
    case 'step-finished':
      return (
        members === 10 &&
        OUTCOME_NAMES.has(value['outcome']) &&
        isText(value['reason']) &&
        Number.isFinite(value['duration'])
      );
    default:
      return false;
  }
}

function isExited(state: unknown): boolean {
  return hasMembers(state) && state['kind'] === 'exited' && isInt(state['code']) && Object.keys(state).length === 2;
}

function hasMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isInt(value: unknown): boolean {
  return Number.isSafeInteger(value);
}
