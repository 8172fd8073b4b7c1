import { expandRanges } from '../../src/documents/ranges.ts';
import { stepKey } from '../../src/plan/key.ts';

/** What a page says of one step on one node. */
export interface Read {
  readonly outcome: string;
  readonly name: string;
  /** Its reason, checks, commands and forecast, in order, as they are printed. */
  readonly lines: readonly string[];
}

interface Entry {
  readonly outcome: string;
  readonly name: string;
  nodes: readonly string[];
  as: string | undefined;
  /** Releases of the hop, where it is as a step of another one: they are put in place of those of that one. */
  readonly hop?: Hop | undefined;
  /** Those of its own phase. */
  readonly own: Hop | undefined;
  readonly lines: { text: string; nodes: readonly string[] | undefined; marks: Map<string, Map<string, string>> }[];
}

interface Hop {
  readonly from: string;
  readonly to: string;
}

const WORDS: Readonly<Record<string, string>> = { change: 'change', done: 'unchanged', skip: 'skipped', read: 'read' };

/** Reads a plan as a person does who has the page alone. It must be so wide that no line of it is broken. */
export function readPage(page: string): Map<string, Read> {
  const read = new Map<string, Read>();
  const entries = new Map<string, Entry[]>();
  let phase: readonly string[] = [];
  let hop: Hop | undefined;
  const way = /^Plan: .*, (?<way>\S+(?: -> \S+)+)$/m.exec(page)?.groups?.['way']?.split(' -> ') ?? [];
  let entry: Entry | undefined;
  let isHead = false;
  let some: readonly string[] | undefined;
  for (const text of page.split('\n')) {
    const title = /^Phase .*  (?<names>\S.*)$/.exec(text)?.groups?.['names'];
    const step = /^    \S (?<word>\w+) +(?<id>\S+?)(?<rest>[ :].*)?$/.exec(text)?.groups;
    const value = /^ +(?<mark><\d+>): (?<each>.*)$/.exec(text)?.groups;
    const only = /^        only (?<names>[^:]*(?:\[\d+:\d+\][^:]*)*):(?: (?<beside>.*))?$/.exec(text)?.groups;
    const on = isHead ? /^        on (?<names>.*)$/.exec(text)?.groups?.['names'] : undefined;
    isHead = step !== undefined;
    const own = /^          (?<line>.*)$/.exec(text)?.groups?.['line'];
    const all = /^        (?<line>.*)$/.exec(text)?.groups?.['line'];
    const at = way.indexOf(/^Phase \S+ (?<to>[\d.]+): /.exec(text)?.groups?.['to'] ?? '');
    if (at > 0) hop = { from: way[at - 1] ?? '', to: way[at] ?? '' };
    if (title !== undefined) phase = namesOf(title);
    else if (step) {
      const [name = '', ...reason] = `${step['id'] ?? ''}${step['rest'] ?? ''}`.split(': ');
      const said = reason.length === 1 ? /^as ([^\s,]+)(?:, from (\S+) to (\S+))?$/.exec(reason[0] ?? '') : null;
      const as = said?.[1];
      const moved = said?.[3] === undefined ? undefined : { from: said[2] ?? '', to: said[3] };
      entry = { outcome: WORDS[step['word'] ?? ''] ?? '', name, nodes: phase, as, hop: moved, own: hop, lines: [] };
      if (reason.length > 0 && as === undefined)
        entry.lines.push({ text: reason.join(': '), nodes: undefined, marks: new Map() });
      const id = name.split(' ')[0] ?? '';
      entries.set(id, [...(entries.get(id) ?? []), entry]);
      some = undefined;
    } else if (text === '' || !entry) entry = undefined;
    else if (value) {
      const last = entry.lines.at(-1);
      last?.marks.set(value['mark'] ?? '', valuesOf(value['each'] ?? ''));
    } else if (on !== undefined) entry.nodes = namesOf(on);
    else if (only) {
      some = namesOf(only['names'] ?? '');
      if (only['beside'] !== undefined) entry.lines.push({ text: only['beside'], nodes: some, marks: new Map() });
    } else if (own !== undefined && some) entry.lines.push({ text: own, nodes: some, marks: new Map() });
    else if (all !== undefined) {
      some = undefined;
      entry.lines.push({ text: all, nodes: undefined, marks: new Map() });
    }
  }
  for (const [id, several] of entries)
    for (const one of several)
      for (const node of one.nodes) {
        const source = one.as === undefined ? one : sourceOf(entries, one);
        if (!source) throw new Error(`${id} is as ${one.as ?? ''}, which is not on the page`);
        const model = source.nodes.length === 1 ? source.nodes[0] : undefined;
        const lines = source.lines
          .filter(
            ({ nodes }) => nodes === undefined || (source !== one && one.hop === undefined) || nodes.includes(node),
          )
          .map(({ text, marks }) => {
            const filled = [...marks].reduce((line, [mark, of]) => line.replaceAll(mark, of.get(node) ?? mark), text);
            const mine = filled.replaceAll('<node>', node);
            const named = model === undefined || source === one ? mine : mine.replaceAll(model, node);
            return one.hop && source.own ? moved(named, source.own, one.hop) : named;
          });
        read.set(stepKey(node, id), { outcome: one.outcome, name: one.name.replaceAll('<node>', node), lines });
      }
  return read;
}

/** A text of one hop with the releases of another one. */
function moved(text: string, of: Hop, by: Hop): string {
  const minor = (version: string) => version.split('.').slice(0, 2).join('.');
  const words = new Map([
    [of.to, by.to],
    [of.from, by.from],
    [minor(of.to), minor(by.to)],
    [minor(of.from), minor(by.from)],
  ]);
  const all = [...words.keys()].map((word) => word.replaceAll('.', '\\.')).join('|');
  return text.replaceAll(new RegExp(`(?<![0-9.])(?:${all})(?![0-9]|\\.[0-9])`, 'g'), (word) => words.get(word) ?? word);
}

/** Of the steps with that number, the first with these lines; it is of the same outcome. */
function sourceOf(entries: ReadonlyMap<string, readonly Entry[]>, { as = '', outcome }: Entry): Entry | undefined {
  const of = [...entries].filter(([id]) => id.startsWith(`${as}-`)).flatMap(([, several]) => several);
  return of.find((entry) => entry.as === undefined && entry.outcome === outcome);
}

function namesOf(text: string): string[] {
  return text.split(', ').flatMap((part) => {
    const all = expandRanges(part);
    if (!all.ok) throw new Error(all.problem);
    return all.names;
  });
}

/** `7 pods on w-[1:5]; 8 pods on w-6`: the value of each node. */
function valuesOf(text: string): Map<string, string> {
  return new Map(
    text.split('; ').flatMap((part) => {
      const at = part.lastIndexOf(' on ');
      const value = part.slice(0, at);
      const plain = value.startsWith('"') ? String(JSON.parse(value)) : value;
      return namesOf(part.slice(at + 4)).map((node) => [node, plain] as const);
    }),
  );
}
