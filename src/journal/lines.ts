import { CHAIN_START, hashIn, nextHash } from './chain.ts';
import { JOURNAL_VERSION, type JournalRecord, recordSchema } from './record.ts';
import { isUsualRecord } from './usual.ts';

/** Reads a journal line by line, and keeps nothing of it but where it is. */
export class JournalReader {
  /** Of the last line. */
  seq = 0;
  hash = CHAIN_START;
  #version: JournalRecord['v'] = 1;

  /** @returns the record of the next line; or why the line cannot be the next one, and then nothing was taken */
  next(line: string): JournalRecord | string {
    const value = parsed(line);
    if (value === undefined) return 'it is not JSON';
    const version = value !== null && typeof value === 'object' && 'v' in value ? value.v : undefined;
    if (version !== JOURNAL_VERSION && version !== 1 && version !== 2)
      return `its version is ${JSON.stringify(version)}, this program reads versions 1 to ${JOURNAL_VERSION}: the runbook that wrote it finishes the run`;
    const record = recordOf(value);
    if (typeof record === 'string') return record;
    const seq = this.seq + 1;
    if (record.seq !== seq) return `its number is ${record.seq}, expected ${seq}`;
    if (version < this.#version) return `its version is ${version}, after a record of version ${this.#version}`;
    const hash = version === 1 ? nextHash(this.hash, line) : hashIn(this.hash, line);
    if (hash === undefined) return 'its hash is not that of its content and of what precedes it';
    this.seq = seq;
    this.hash = hash;
    this.#version = version;
    return record;
  }
}

/** Or what is wrong with its form. */
function recordOf(value: unknown): JournalRecord | string {
  if (isUsualRecord(value)) return value;
  const { data: record, error } = recordSchema.safeParse(value);
  return record ?? error.issues[0]?.message ?? 'it has an unknown form';
}

/** The records of a journal, read line by line and kept. */
export class JournalLines {
  readonly records: JournalRecord[] = [];
  readonly lines: string[] = [];
  readonly #reader = new JournalReader();

  /** Of the last line. */
  get hash(): string {
    return this.#reader.hash;
  }

  /** @returns why the line cannot be the next one; undefined: it is, and was taken */
  add(line: string): string | undefined {
    const record = this.#reader.next(line);
    if (typeof record === 'string') return record;
    this.records.push(record);
    this.lines.push(line);
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
