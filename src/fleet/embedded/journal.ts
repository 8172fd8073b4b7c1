import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { Failure, messageOf } from '../../failure.ts';
import { CHAIN_START, hashIn, sealedLine } from '../../journal/chain.ts';
import { redactData } from '../../redact.ts';
import { type FleetNews, type FleetRecord, FLEET_RECORD_VERSION, fleetRecordSchema } from '../record.ts';

interface Read {
  readonly records: readonly FleetRecord[];
  readonly hash: string;
  /** Bytes of its whole lines. */
  readonly length: number;
}

/** The records of a fleet run; none where it has none. @throws Failure where the journal is damaged */
export async function readFleetJournal(file: string): Promise<readonly FleetRecord[]> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  return scan(file, bytes).records;
}

/** A torn last line was never acted on; anything else is a refusal with the line's number. */
function scan(file: string, bytes: Buffer): Read {
  const records: FleetRecord[] = [];
  let hash = CHAIN_START;
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1) break;
    const line = bytes.toString('utf8', start, end);
    const next = hashIn(hash, line);
    if (next === undefined) {
      if (end === bytes.length - 1 && line.includes('\0')) break;
      throw damaged(file, records.length + 1, 'its hash is not that of its content and of what precedes it');
    }
    records.push(recordIn(file, records.length + 1, line));
    hash = next;
    start = end + 1;
  }
  return { records, hash, length: start };
}

function recordIn(file: string, number: number, line: string): FleetRecord {
  const { v, seq, hash: _hash, ...body }: Record<string, unknown> = JSON.parse(line);
  if (v !== FLEET_RECORD_VERSION)
    throw damaged(
      file,
      number,
      `its version is ${JSON.stringify(v)}, this program reads version ${FLEET_RECORD_VERSION}`,
    );
  if (seq !== number) throw damaged(file, number, `its number is ${JSON.stringify(seq)}, expected ${number}`);
  const { data, error } = fleetRecordSchema.safeParse(body);
  if (!data) throw damaged(file, number, error.issues[0]?.message ?? 'it has an unknown form');
  return data;
}

function damaged(file: string, line: number, problem: string): Failure {
  return new Failure('step-failed', `the journal of the fleet run is damaged: ${file}:${line}: ${problem}`, [
    'Nothing was done. Restore the file from a copy; the runs of its clusters are in the same state folder (`runbook runs`).',
  ]);
}

/** Where the decisions of a fleet run go before they are acted on; of one driver at a time. */
export class FleetJournal {
  readonly records: readonly FleetRecord[];
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #now: () => number;
  #hash: string;
  #seq: number;

  private constructor(file: string, handle: FileHandle, read: Read, now: () => number) {
    this.#file = file;
    this.#handle = handle;
    this.#now = now;
    this.records = read.records;
    this.#hash = read.hash;
    this.#seq = read.records.length;
  }

  /** Cuts a torn last line off. @throws Failure on any other damage */
  static async open(file: string, now: () => number): Promise<FleetJournal> {
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    try {
      const read = scan(file, await handle.readFile());
      await handle.truncate(read.length);
      return new FleetJournal(file, handle, read, now);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Resolves once the record is on disk. @throws Failure where it cannot be written: nothing may be done then */
  async append(news: FleetNews): Promise<FleetRecord> {
    const at = new Date(this.#now()).toISOString();
    const record: FleetRecord = { ...redactData(news, (key) => key !== 'reason'), at };
    const { type, at: _at, ...rest } = record;
    const sealed = sealedLine(this.#hash, { v: FLEET_RECORD_VERSION, seq: this.#seq + 1, at, type, ...rest });
    try {
      const bytes = Buffer.from(`${sealed.line}\n`);
      const { bytesWritten } = await this.#handle.write(bytes);
      if (bytesWritten !== bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
      await this.#handle.datasync();
    } catch (error) {
      throw new Failure('step-failed', `cannot write the journal ${this.#file}: ${messageOf(error)}`, [
        'Nothing is started that cannot be recorded. Free some space, then `runbook fleet resume`.',
      ]);
    }
    this.#hash = sealed.hash;
    this.#seq += 1;
    return record;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
