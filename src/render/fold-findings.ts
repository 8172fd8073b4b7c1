import type { Finding } from '../event.ts';
import { SEVERITY_LOOK } from './finding.ts';
import { type Folded, foldLines, type Piece, valueTexts } from './fold-lines.ts';
import { namesText } from './fold-names.ts';
import { groupBy } from './group.ts';
import type { OwnNames } from './plan-names.ts';
import type { Line, Symbols } from './style.ts';

/** Findings of one guard that say the same. */
export interface FoldedFinding extends Pick<Finding, 'severity' | 'guard' | 'source' | 'overridden'> {
  readonly summaries: readonly {
    /** Nodes and step; empty: the cluster. */
    readonly place: string;
    readonly text: string;
    readonly values: readonly string[];
  }[];
  readonly remedy: string;
}

/** Findings of one guard that say the same of several nodes, each summary once with its nodes, the rest once at all. */
export function foldedFindingLines(findings: readonly Finding[], names: OwnNames, symbols: Symbols): Line[] {
  const folded = foldFindings(findings, names);
  return folded.flatMap((one, index) => groupLines(one, folded[index + 1], symbols));
}

/** The same as data; those of a guard are next to each other. */
export function foldFindings(findings: readonly Finding[], names: OwnNames): FoldedFinding[] {
  const groups = groupBy(findings, ({ guard, severity, step, source, overridden, remedy, node = '' }) =>
    JSON.stringify([guard, severity, step, source, overridden, names.shared(remedy, node)]),
  );
  const sorted = [...groups.values()].sort((one, other) => order(findings, one) - order(findings, other));
  return sorted.flatMap((group) => foldGroup(group, names));
}

/** Groups of a guard are next to each other, where its first finding is. */
function order(findings: readonly Finding[], group: readonly Finding[]): number {
  return findings.findIndex(({ guard }) => guard === group[0]?.guard);
}

function foldGroup(group: readonly Finding[], names: OwnNames): FoldedFinding[] {
  const [first] = group;
  if (!first) return [];
  const nodes = new Set(group.map(({ node }) => node));
  const text = (all: string, node = ''): string => (nodes.size > 1 ? names.shared(all, node) : all);
  const own = new Map<string, Piece[]>();
  for (const { node = '', summary } of group)
    own.set(node, [...(own.get(node) ?? []), { kind: 'summary', text: text(summary, node) }]);
  let marks = 0;
  const lines = foldLines(own, () => names.mark((marks += 1)));
  const summaries = lines.map((line) => ({
    place: placeOf(line, first.step),
    text: named(line, names),
    values: valueTexts(line),
  }));
  return [{ ...first, summaries, remedy: text(first.remedy, first.node) }];
}

function groupLines(first: FoldedFinding, next: FoldedFinding | undefined, symbols: Symbols): Line[] {
  const { summaries, remedy } = first;
  const { colour, symbol, word } = SEVERITY_LOOK[first.severity];
  // A refusal has its source beside it; of others -v shows it.
  const isRuleOfNext = next?.source === first.source && next.guard === first.guard;
  const isRefusal = first.severity === 'refuse' || first.overridden !== undefined;
  const guard = isRefusal ? '' : ` (${first.guard})`;
  return [
    ...summaries.flatMap(({ place, text, values }): Line[] => [
      [
        { text: `${symbols[symbol]} ${word}: `, as: colour },
        ...(place === '' ? [] : [{ text: `${place}: `, as: 'bold' } as const]),
        text,
        guard,
      ],
      ...values.map((value): Line => [`    ${value}`]),
    ]),
    ...(first.overridden === undefined
      ? []
      : [[{ text: `    overridden: ${first.overridden}`, as: 'bold' }] satisfies Line]),
    ...(remedy === '' ? [] : [[`    do: ${remedy}`]]),
    ...(!isRefusal || isRuleOfNext
      ? []
      : [[{ text: `    rule: ${first.source} (${first.guard})`, as: 'dim' }] satisfies Line]),
  ];
}

function named({ text, nodes }: Folded, names: OwnNames): string {
  const [node = '', ...others] = nodes;
  return others.length > 0 ? text : names.own(text, node);
}

function placeOf({ nodes }: Folded, step: string | undefined): string {
  const of = namesText(nodes.filter((name) => name !== ''));
  return [of, step ?? ''].filter((part) => part !== '').join(' ');
}
