import { CHAIN_START, hashIn, nextHash } from './chain.ts';
import { JOURNAL_VERSION, type JournalRecord, recordSchema } from './record.ts';

/** The records of a journal, read line by line. */
export class JournalLines {
  readonly records: JournalRecord[] = [];
  readonly lines: string[] = [];
  /** Of the last line. */
  hash = CHAIN_START;

  /** @returns why the line cannot be the next one; undefined: it is, and was taken */
  add(line: string): string | undefined {
    const value = parsed(line);
    if (value === undefined) return 'it is not JSON';
    const version = value !== null && typeof value === 'object' && 'v' in value ? value.v : undefined;
    if (version !== JOURNAL_VERSION && version !== 1 && version !== 2)
      return `its version is ${JSON.stringify(version)}, this program reads versions 1 to ${JOURNAL_VERSION}: the runbook that wrote it finishes the run`;
    const record = recordSchema.safeParse(value);
    if (!record.success) return record.error.issues[0]?.message ?? 'it has an unknown form';
    const [seq, last] = [this.records.length + 1, this.records.at(-1)];
    if (record.data.seq !== seq) return `its number is ${record.data.seq}, expected ${seq}`;
    if (version < (last?.v ?? 1)) return `its version is ${version}, after a record of version ${last?.v}`;
    const hash = version === 1 ? nextHash(this.hash, line) : hashIn(this.hash, line);
    if (hash === undefined) return 'its hash is not that of its content and of what precedes it';
    this.records.push(record.data);
    this.lines.push(line);
    this.hash = hash;
    return undefined;
  }
}

/** Undefined for what is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
