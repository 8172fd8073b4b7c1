import type { Finding } from '../event.ts';
import type { Line, Symbols } from './style.ts';

/** How a severity is shown. */
export const SEVERITY_LOOK = {
  refuse: { word: 'refused', colour: 'red', symbol: 'failed' },
  warn: { word: 'warning', colour: 'yellow', symbol: 'warning' },
  note: { word: 'note', colour: 'cyan', symbol: 'note' },
} as const;

export function findingLines(finding: Finding, symbols: Symbols): Line[] {
  const { word, colour, symbol } = SEVERITY_LOOK[finding.severity];
  const place = [finding.node, finding.step].filter((part) => part !== undefined).join(' ');
  const head: Line = [
    { text: `${symbols[symbol]} ${word}: `, as: colour },
    ...(place === '' ? [] : [{ text: `${place}: `, as: 'bold' } as const]),
    finding.summary,
  ];
  const source: Line = [{ text: `    rule: ${finding.source} (${finding.guard})`, as: 'dim' }];
  return [
    head,
    ...(finding.overridden === undefined
      ? []
      : [[{ text: `    overridden: ${finding.overridden}`, as: 'bold' }] satisfies Line]),
    ...(finding.remedy === '' ? [] : [[`    do: ${finding.remedy}`]]),
    source,
  ];
}

/** During a run a note is one line; plan and preflight show the rest of it. */
export function briefFindingLines(finding: Finding, symbols: Symbols): Line[] {
  const lines = findingLines(finding, symbols);
  return finding.severity === 'note' ? lines.slice(0, 1) : lines;
}
