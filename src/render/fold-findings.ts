import type { Finding } from '../event.ts';
import { SEVERITY_LOOK } from './finding.ts';
import { type Folded, foldLines, type Piece, valueTexts } from './fold-lines.ts';
import { namesText } from './fold-names.ts';
import { groupBy } from './group.ts';
import type { OwnNames } from './plan-names.ts';
import type { Line, Symbols } from './style.ts';

/** Findings of one guard that say the same of several nodes, each summary once with its nodes, the rest once at all. */
export function foldedFindingLines(findings: readonly Finding[], names: OwnNames, symbols: Symbols): Line[] {
  const groups = groupBy(findings, ({ guard, severity, step, source, overridden, remedy, node = '' }) =>
    JSON.stringify([guard, severity, step, source, overridden, names.shared(remedy, node)]),
  );
  const sorted = [...groups.values()].sort((one, other) => order(findings, one) - order(findings, other));
  return sorted.flatMap((group, index) => groupLines(group, sorted[index + 1]?.[0], names, symbols));
}

/** Groups of a guard are next to each other, where its first finding is. */
function order(findings: readonly Finding[], group: readonly Finding[]): number {
  return findings.findIndex(({ guard }) => guard === group[0]?.guard);
}

function groupLines(group: readonly Finding[], next: Finding | undefined, names: OwnNames, symbols: Symbols): Line[] {
  const [first] = group;
  if (!first) return [];
  const nodes = new Set(group.map(({ node }) => node));
  const text = (all: string, node = ''): string => (nodes.size > 1 ? names.shared(all, node) : all);
  const own = new Map<string, Piece[]>();
  for (const { node = '', summary } of group)
    own.set(node, [...(own.get(node) ?? []), { kind: 'summary', text: text(summary, node) }]);
  let marks = 0;
  const lines = foldLines(own, () => names.mark((marks += 1)));
  const { colour, symbol, word } = SEVERITY_LOOK[first.severity];
  const remedy = text(first.remedy, first.node);
  // A refusal has its source beside it; of others -v shows it.
  const isRuleOfNext = next?.source === first.source && next.guard === first.guard;
  const isRefusal = first.severity === 'refuse' || first.overridden !== undefined;
  const guard = isRefusal ? '' : ` (${first.guard})`;
  return [
    ...lines.flatMap((line): Line[] => [
      [{ text: `${symbols[symbol]} ${word}: `, as: colour }, ...placeOf(line, first.step), named(line, names), guard],
      ...valueTexts(line).map((value): Line => [`    ${value}`]),
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

function placeOf({ nodes }: Folded, step: string | undefined): Line {
  const of = namesText(nodes.filter((name) => name !== ''));
  const place = [of, step ?? ''].filter((part) => part !== '').join(' ');
  return place === '' ? [] : [{ text: `${place}: `, as: 'bold' }];
}
