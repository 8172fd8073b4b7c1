import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { Failure, messageOf } from '../failure.ts';
import { redactData } from '../redact.ts';
import { hashIn, sealedLine } from './chain.ts';
import type { Misfit } from './fits.ts';
import { JournalReader, parsed } from './lines.ts';
import { JOURNAL_VERSION, type JournalBody, type JournalRecord } from './record.ts';

/** Where decisions go before they are acted on. */
export interface Journal {
  /**
   * Resolves once the record, and all that were appended before it, are on disk.
   * @throws Failure when it cannot be written: nothing may be done then.
   */
  append(body: JournalBody): Promise<void>;
  close(): Promise<void>;
}

/** Where a journal ends. */
export interface JournalEnd {
  /** Of its last record; 0 where it has none. */
  readonly seq: number;
  /** Of its last line. */
  readonly hash: string;
  /** Bytes of its whole lines. */
  readonly length: number;
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
): Promise<{ readonly journal: Journal }> {
  return continueJournal(file, now, onRecord, (bytes) => scanJournal(file, bytes, () => undefined));
}

/** {@link openJournal} for whoever wants what is in it: `read` scans its bytes. */
export async function continueJournal<T extends JournalEnd>(
  file: string,
  now: () => number,
  onRecord: (line: string) => void,
  read: (bytes: Buffer) => T,
): Promise<{ readonly journal: Journal; readonly known: T }> {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600).catch(
    (error: Error) => {
      throw cannotWrite(file, error);
    },
  );
  try {
    const known = read(await handle.readFile());
    await handle.truncate(known.length);
    return { journal: new FileJournal(file, handle, known, now, onRecord), known };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads a journal without changing it. */
export async function readJournal(file: string): Promise<JournalRecord[]> {
  return parseJournal(file, await readFile(file)).records;
}

/** {@link scanJournal}, and all that is in it. */
export function parseJournal(file: string, bytes: Buffer): { readonly records: JournalRecord[] } & JournalEnd {
  const records: JournalRecord[] = [];
  return { records, ...scanJournal(file, bytes, (record) => records.push(record)) };
}

/**
 * Pure: gives each record of a journal to `take`. The last line may be torn (no newline, or zeros in it that a crash
 * left); anything else is a refusal with the line's number, never a guess.
 */
export function scanJournal(file: string, bytes: Buffer, take: (record: JournalRecord) => void): JournalEnd {
  const reader = new JournalReader();
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    const text = bytes.toString('utf8', start, end === -1 ? undefined : end);
    if (end === -1) {
      if (isWholeBut(text, reader)) throw damaged(file, reader.seq + 1, 'its end is damaged');
      break;
    }
    const record = reader.next(text);
    if (typeof record === 'string') {
      if (end === bytes.length - 1 && text.includes('\0') && parsed(text) === undefined) break;
      throw damaged(file, reader.seq + 1, record);
    }
    take(record);
    start = end + 1;
  }
  return { seq: reader.seq, hash: reader.hash, length: start };
}

/** A line that was written whole, and whose newline is something else now. */
function isWholeBut(text: string, { hash }: JournalReader): boolean {
  return hashIn(hash, text.slice(0, -1)) !== undefined;
}

/** @throws Failure where a record cannot be of the run that it is read for */
export function requireFit(file: string, found: Misfit | undefined): void {
  if (found) throw damaged(file, found.seq, found.problem);
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

/** A record that waits for its place on disk. */
interface Waiting {
  readonly at: number;
  readonly body: JournalBody;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Records that are appended while others are on their way to disk share one write and one sync. */
class FileJournal implements Journal {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #now: () => number;
  readonly #onRecord: (line: string) => void;
  #end: Omit<JournalEnd, 'length'>;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #broken: Failure | undefined;

  constructor(file: string, handle: FileHandle, end: JournalEnd, now: () => number, onRecord: (line: string) => void) {
    this.#file = file;
    this.#handle = handle;
    this.#end = end;
    this.#now = now;
    this.#onRecord = onRecord;
  }

  append(body: JournalBody): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ at: this.#now(), body, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    // What is appended without a wait in between comes first.
    await setImmediate();
    while (this.#waiting.length > 0) {
      const records = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(records);
        for (const { resolve } of records) resolve();
      } catch (error) {
        for (const { reject } of records) reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #write(records: readonly Waiting[]): Promise<void> {
    if (this.#broken) throw this.#broken;
    let { seq, hash } = this.#end;
    const lines = records.map(({ at, body }) => {
      seq += 1;
      const record = {
        v: JOURNAL_VERSION,
        seq,
        at: new Date(at).toISOString(),
        ...redactData(body, (key) => key !== 'reason' && key !== 'state'),
      };
      const sealed = sealedLine(hash, record);
      hash = sealed.hash;
      return sealed.line;
    });
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    try {
      // A short write (full disk) leaves a torn last line, which the next opening cuts off.
      const { bytesWritten } = await this.#handle.write(bytes);
      if (bytesWritten !== bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
      await this.#handle.datasync();
    } catch (error) {
      this.#broken = cannotWrite(this.#file, error);
      throw this.#broken;
    }
    this.#end = { seq, hash };
    for (const line of lines) this.#onRecord(line);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }
}
