import type { Colour, Line, Look } from './style.ts';
import { createStyle } from './style.ts';
import { pad, widthOf, wrap } from './width.ts';

interface EntryView {
  readonly kind: 'guard' | 'failure' | 'exit code' | 'known text';
  readonly code: string;
  readonly title: string;
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  readonly source: string;
  readonly notes: readonly string[];
  readonly examples: readonly string[];
}

type Columns = Look & { readonly columns: number };

const HEADINGS: Readonly<Record<EntryView['kind'], string>> = {
  'exit code': 'Exit codes',
  failure: 'Failures',
  guard: 'Guards',
  'known text': 'Known texts in the output of tools',
};

const LABEL = 'Source  ';

/** What `runbook explain CODE` prints. Ends with a newline. */
export function renderEntry(entry: EntryView, look: Columns): string {
  const part = (label: string, text: string, as: Colour = 'bold'): Line[] => {
    const [first = '', ...more] = wrap(text, look.columns - LABEL.length);
    return [
      [{ text: pad(label, LABEL.length), as }, first],
      ...more.map((line): Line => [`${' '.repeat(LABEL.length)}${line}`]),
    ];
  };
  const lines: Line[] = [
    [
      { text: entry.code, as: 'bold' },
      { text: `  ${entry.kind}`, as: 'dim' },
    ],
    ...wrap(entry.title, look.columns).map((line): Line => [line]),
    [],
    ...part('What', entry.what),
    ...part('Why', entry.why),
    ...part('Do', entry.remedy),
    ...part('Source', entry.source),
    ...entry.notes.flatMap((note) => part('', note)),
    // Unbroken, as it is compared with what a tool printed.
    ...entry.examples.flatMap((line): Line[] => [[], [{ text: 'Looks like:', as: 'dim' }], [`  ${line}`]]),
  ];
  return createStyle(look).text(lines);
}

/**
 * What `runbook explain` prints: a line for each code, by kind. Ends with a newline.
 *
 * @param cutAt columns of the terminal; none for a pipe
 */
export function renderEntries(entries: readonly EntryView[], look: Look, cutAt?: number): string {
  const style = createStyle(look);
  const width = Math.max(0, ...entries.map(({ code }) => widthOf(code)));
  const kinds = [...new Set(entries.map(({ kind }) => kind))];
  const lines = kinds.flatMap((kind): Line[] => [
    [{ text: HEADINGS[kind], as: 'bold' }],
    ...entries
      .filter((entry) => entry.kind === kind)
      .map(({ code, title }): Line => [{ text: `  ${pad(code, width)}`, as: 'cyan' }, `  ${title}`]),
    [],
  ]);
  lines.push([{ text: 'runbook explain CODE: what it means, why, and what to do', as: 'dim' }]);
  return lines.map((line) => `${style.line(line, cutAt).trimEnd()}\n`).join('');
}
