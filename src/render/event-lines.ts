import type { Outcome, RunEvent } from '../event.ts';
import { countsText, outcomeColour, outcomeSymbol } from './outcome.ts';
import type { Line, Span, Symbols } from './style.ts';
import type { Tally } from './tally.ts';
import { count, duration, listNames, stepName } from './text.ts';

export type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

export function messageLines(event: EventOf<'message'>, symbols: Symbols): Line[] {
  const mark: Record<typeof event.level, Span> = {
    info: '',
    warning: { text: `${symbols.warning} warning: `, as: 'yellow' },
    error: { text: `${symbols.failed} error: `, as: 'red' },
  };
  return [[mark[event.level], event.text], ...event.detail.map((line): Line => [`    ${line}`])];
}

/** What an operator needs when a step has failed: where, the end of its output, the whole log. */
export function failureLines(event: EventOf<'step-finished'>, tail: readonly string[], symbols: Symbols): Line[] {
  const colour = outcomeColour(event.outcome);
  const word = event.outcome === 'unknown' ? 'outcome unknown' : outcomeText(event);
  const lines: Line[] = [
    [
      { text: `${outcomeSymbol(event.outcome, symbols)} ${event.node} ${stepName(event)}: `, as: ['bold', colour] },
      { text: `${word} after ${duration(event.duration)}`, as: colour },
      `: ${event.reason}`,
    ],
  ];
  if (tail.some((line) => line.trim() !== '')) {
    lines.push(['    last lines of its output:']);
    for (const line of tail) lines.push([{ text: `      ${symbols.bar} `, as: 'dim' }, line]);
  }
  if (event.log !== undefined) lines.push([`    whole output: ${event.log}`]);
  return lines;
}

export function plannedText(event: EventOf<'planned'>): string {
  const nodes = count(event.nodes.length, 'node');
  return `planned ${event.runbook} on ${event.cluster}: ${count(event.steps, 'step')} on ${nodes}, ${event.changes} to change something`;
}

/** `failed, the run continues` */
export function outcomeText({ outcome, continued }: EventOf<'step-finished'>): string {
  return continued === true ? `${outcome}, the run continues` : outcome;
}

const ENDINGS = {
  done: { word: 'done', colour: 'green', symbol: 'change' },
  failed: { word: 'failed', colour: 'red', symbol: 'failed' },
  refused: { word: 'refused', colour: 'red', symbol: 'failed' },
  stopped: { word: 'stopped', colour: 'yellow', symbol: 'warning' },
} as const;

export function summaryLines(event: EventOf<'run-finished'>, tally: Tally, symbols: Symbols): Line[] {
  const { word, colour, symbol } = ENDINGS[event.outcome];
  const failed = [...tally.nodes.keys()].filter((name) => tally.notDone.has(name));
  const changed = namesWith(tally, ['changed']);
  const lines: Line[] = [
    [
      { text: `${symbols[symbol]} ${tally.runbook} ${word}`, as: ['bold', colour] },
      ` in ${duration(event.duration)}: ${countsText(event.counts)}`,
    ],
  ];
  if (changed.length > 0) lines.push([`    changed on: ${listNames(changed, 12)}`]);
  if (failed.length > 0) lines.push(['    not done on: ', { text: listNames(failed, 12), as: 'red' }]);
  if (tally.continued.length > 0)
    lines.push(['    failed, and the run continued: ', { text: listNames(tally.continued, 12), as: 'red' }]);
  for (const { node, reason } of event.leftOut ?? []) {
    lines.push(['    left out: ', { text: node, as: ['bold', 'red'] }, `: ${reason}`]);
  }
  if (event.next.length > 0) lines.push(['    next:']);
  for (const line of event.next) lines.push([{ text: `      ${line}`, as: 'bold' }]);
  return lines;
}

function namesWith(tally: Tally, outcomes: readonly Outcome[]): string[] {
  return [...tally.nodes].filter(([, counts]) => outcomes.some((one) => counts[one] > 0)).map(([name]) => name);
}
