import { sealedLine } from '../journal/chain.ts';
import { parseJournal } from '../journal/journal.ts';
import { JournalReader } from '../journal/lines.ts';
import { foldJournal, type Progress } from '../journal/progress.ts';
import { JOURNAL_VERSION, type JournalBody, type JournalRecord } from '../journal/record.ts';
import type { Owner } from './ground.ts';

/** A run's journal in memory, as it lies on the operator's disk otherwise: it outlives controllers. */
export class KeptJournal {
  /** Called on both sides of the moment at which a record is on disk. */
  hook: (when: 'before' | 'after', seq: number, body: JournalBody) => void = () => undefined;
  readonly #now: () => number;
  #text: string;
  #reader = new JournalReader();
  #records: JournalRecord[] = [];

  constructor(now: () => number, text = '') {
    this.#now = now;
    this.#text = text;
    this.open();
  }

  get text(): string {
    return this.#text;
  }

  /** As a new process opens it: a torn last line is cut off. */
  open(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = bytes.subarray(0, parseJournal('journal.jsonl', bytes).length).toString();
    this.#reader = new JournalReader();
    this.#records = [];
    for (const line of this.#text.split('\n').slice(0, -1)) this.#take(line);
  }

  records(): readonly JournalRecord[] {
    return this.#records;
  }

  progress(): Progress {
    return foldJournal(this.#records);
  }

  /** A writer that is killed before the record is on disk leaves half of its line there. */
  append(body: JournalBody, writer: Owner): void {
    const seq = this.#reader.seq + 1;
    const record = { v: JOURNAL_VERSION, seq, at: new Date(this.#now()).toISOString(), ...body };
    const { line } = sealedLine(this.#reader.hash, record);
    this.hook('before', seq, body);
    if (writer.dead) {
      this.#text += line.slice(0, line.length / 2);
      return;
    }
    this.#text += `${line}\n`;
    this.#take(line);
    this.hook('after', seq, body);
  }

  #take(line: string): void {
    const record = this.#reader.next(line);
    if (typeof record === 'string') throw new Error(`the journal is damaged: ${record}`);
    this.#records.push(record);
  }
}
