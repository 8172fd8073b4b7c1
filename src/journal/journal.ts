import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { Failure, messageOf } from '../failure.ts';
import { JOURNAL_VERSION, type JournalBody, type JournalRecord, recordSchema } from './record.ts';

/** Where decisions go before they are acted on. */
export interface Journal {
  /** Resolves once the record is on disk. @throws Failure when it cannot be written: nothing may be done then. */
  append(body: JournalBody): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a journal for appending; a torn last line is cut off first, because a record that was never whole was never
 * acted on.
 * @throws Failure on any other damage, or when the file cannot be written.
 * @param onRecord gets each new record's line once it is on disk.
 */
export async function openJournal(
  file: string,
  now: () => number,
  onRecord: (line: string) => void = () => undefined,
): Promise<{ journal: Journal; records: JournalRecord[]; lines: string[] }> {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600).catch(
    (error: Error) => {
      throw cannotWrite(file, error);
    },
  );
  try {
    const { records, lines, length } = parseJournal(file, await handle.readFile());
    await handle.truncate(length);
    return { journal: new FileJournal(file, handle, records.length, now, onRecord), records, lines };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads a journal without changing it. */
export async function readJournal(file: string): Promise<JournalRecord[]> {
  return parseJournal(file, await readFile(file)).records;
}

/**
 * Pure: bytes -> records, their lines and the length of the whole lines. The last line may be torn (no newline, or one that does not
 * parse because a crash left blocks of zeros); anything else is a refusal with the line's number, never a guess.
 */
export function parseJournal(
  file: string,
  bytes: Buffer,
): { records: JournalRecord[]; lines: string[]; length: number } {
  const records: JournalRecord[] = [];
  const lines: string[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1) break;
    const text = bytes.subarray(start, end).toString('utf8');
    const problem = readLine(text, records);
    if (problem !== undefined) {
      const last = end === bytes.length - 1;
      if (last && isTorn(text)) break;
      throw damaged(file, records.length + 1, problem);
    }
    lines.push(text);
    start = end + 1;
  }
  return { records, lines, length: start };
}

function readLine(text: string, records: JournalRecord[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const version = value !== null && typeof value === 'object' && 'v' in value ? value.v : undefined;
  if (version !== JOURNAL_VERSION)
    return `its version is ${JSON.stringify(version)}, this program reads version ${JOURNAL_VERSION}`;
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) return parsed.error.issues[0]?.message ?? 'it has an unknown form';
  if (parsed.data.seq !== records.length + 1) return `its number is ${parsed.data.seq}, expected ${records.length + 1}`;
  records.push(parsed.data);
  return undefined;
}

function isTorn(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

function damaged(file: string, line: number, problem: string): Failure {
  return new Failure('step-failed', `the journal is damaged: ${file}:${line}: ${problem}`, [
    'Nothing was done. The journal is the record of what ran on the nodes, so runbook does not guess.',
    `Restore the file from a copy, or look at what the nodes keep (/var/lib/runbook/<run>/) before you remove lines from ${line} on.`,
  ]);
}

function cannotWrite(file: string, error: unknown): Failure {
  return new Failure(
    'step-failed',
    `cannot write the journal ${file}: ${messageOf(error)}`,
    [
      'Nothing is started that cannot be recorded.',
      'Free some space or fix the permissions, then run `runbook resume`.',
    ],
    { cause: error },
  );
}

class FileJournal implements Journal {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #now: () => number;
  readonly #onRecord: (line: string) => void;
  #seq: number;
  #tail: Promise<void> = Promise.resolve();
  #broken: Failure | undefined;

  constructor(file: string, handle: FileHandle, seq: number, now: () => number, onRecord: (line: string) => void) {
    this.#file = file;
    this.#handle = handle;
    this.#seq = seq;
    this.#now = now;
    this.#onRecord = onRecord;
  }

  append(body: JournalBody): Promise<void> {
    const written = this.#tail.then(() => this.#write(body));
    this.#tail = written.catch(() => undefined);
    return written;
  }

  async #write(body: JournalBody): Promise<void> {
    if (this.#broken) throw this.#broken;
    const record = { v: JOURNAL_VERSION, seq: this.#seq + 1, at: new Date(this.#now()).toISOString(), ...body };
    const text = JSON.stringify(record);
    const line = Buffer.from(`${text}\n`);
    try {
      // A short write (full disk) leaves a torn last line, which the next opening cuts off.
      const { bytesWritten } = await this.#handle.write(line);
      if (bytesWritten !== line.length) throw new Error(`only ${bytesWritten} of ${line.length} bytes were written`);
      await this.#handle.datasync();
    } catch (error) {
      this.#broken = cannotWrite(this.#file, error);
      throw this.#broken;
    }
    this.#seq += 1;
    this.#onRecord(text);
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#handle.close();
  }
}
