import { sealedLine } from '../../src/journal/chain.ts';
import { JournalLines } from '../../src/journal/lines.ts';
import { JOURNAL_VERSION, type JournalBody } from '../../src/journal/record.ts';

/** A journal with other records behind it. */
export function more(text: string, ...bodies: readonly JournalBody[]): string {
  const journal = new JournalLines();
  for (const line of text.trimEnd().split('\n')) journal.add(line);
  for (const body of bodies) {
    const record = { v: JOURNAL_VERSION, seq: journal.records.length + 1, at: 'x', ...body };
    journal.add(sealedLine(journal.hash, record).line);
  }
  return journal.lines.map((line) => `${line}\n`).join('');
}

/** An edited journal, as someone leaves it who knows how its hashes are made. */
export function resealed(text: string): string {
  const journal = new JournalLines();
  for (const line of text.trimEnd().split('\n')) {
    const { hash: _hash, ...record } = JSON.parse(line);
    journal.add(sealedLine(journal.hash, record).line);
  }
  return journal.lines.map((line) => `${line}\n`).join('');
}
