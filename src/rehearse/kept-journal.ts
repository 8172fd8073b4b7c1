import { parseJournal } from '../journal/journal.ts';
import { sealedLine } from '../journal/chain.ts';
import { JOURNAL_VERSION, type JournalBody, type JournalRecord } from '../journal/record.ts';
import type { Owner } from './ground.ts';

/** A run's journal in memory, as it lies on the operator's disk otherwise: it outlives controllers. */
export class KeptJournal {
  /** Called on both sides of the moment at which a record is on disk. */
  hook: (when: 'before' | 'after', seq: number, body: JournalBody) => void = () => undefined;
  text: string;
  readonly #now: () => number;
  #parsed: { readonly text: string; readonly lines: ReturnType<typeof parseJournal> } | undefined;

  constructor(now: () => number, text = '') {
    this.#now = now;
    this.text = text;
  }

  /** As a new process opens it: a torn last line is cut off. */
  open(): void {
    const bytes = Buffer.from(this.text);
    this.text = bytes.subarray(0, parseJournal('journal.jsonl', bytes).length).toString();
  }

  records(): readonly JournalRecord[] {
    return this.#read().records;
  }

  #read(): ReturnType<typeof parseJournal> {
    if (this.#parsed?.text === this.text) return this.#parsed.lines;
    const lines = parseJournal('journal.jsonl', Buffer.from(this.text));
    this.#parsed = { text: this.text, lines };
    return lines;
  }

  /** A writer that is killed before the record is on disk leaves half of its line there. */
  append(body: JournalBody, writer: Owner): void {
    const { records, hash } = this.#read();
    const seq = records.length + 1;
    const record = { v: JOURNAL_VERSION, seq, at: new Date(this.#now()).toISOString(), ...body };
    const line = `${sealedLine(hash, record).line}\n`;
    this.hook('before', seq, body);
    if (writer.dead) {
      this.text += line.slice(0, line.length / 2);
      return;
    }
    this.text += line;
    this.hook('after', seq, body);
  }
}
