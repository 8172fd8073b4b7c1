import type { Diagnostic } from '../diagnostic.ts';
import type { Finding, Outcome, RunEvent, StepRef } from '../event.ts';
import type { Line, Span, Symbols } from './style.ts';
import { countsText, outcomeColour, outcomeSymbol } from './style.ts';
import { count, duration, listNames, widthOf, stepName } from './text.ts';

export type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

const SEVERITY = {
  refuse: { word: 'refused', colour: 'red', symbol: 'failed' },
  warn: { word: 'warning', colour: 'yellow', symbol: 'warning' },
  note: { word: 'note', colour: 'cyan', symbol: 'note' },
} as const;

export function findingLines(finding: Finding, symbols: Symbols): Line[] {
  const { word, colour, symbol } = SEVERITY[finding.severity];
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

/** While a run goes on a note is one line; plan and preflight say the rest of it. */
export function toldLines(finding: Finding, symbols: Symbols): Line[] {
  const lines = findingLines(finding, symbols);
  return finding.severity === 'note' ? lines.slice(0, 1) : lines;
}

/** `file:line:column: error: summary [code]`, the line of the file with a mark under the place, what to do. */
export function diagnosticLines(diagnostic: Diagnostic): Line[] {
  const { span, severity, summary, code, detail } = diagnostic;
  const lines: Line[] = [
    [
      ...(span ? [{ text: `${span.file}:${span.line}:${span.column}: `, as: 'bold' } as const] : []),
      { text: `${severity}: `, as: severity === 'error' ? 'red' : 'yellow' },
      summary,
      { text: ` [${code}]`, as: 'dim' },
    ],
  ];
  if (span?.text !== undefined) {
    const number = String(span.line);
    // Tabs are four columns wide on the screen, as in the line above the mark.
    const before = widthOf(span.text.slice(0, span.column - 1).replaceAll('\t', '    '));
    const ends = span.endLine === undefined || span.endLine === span.line ? span.endColumn : undefined;
    const length = Math.max(1, (ends ?? span.column + 1) - span.column);
    lines.push([{ text: `  ${number} | `, as: 'dim' }, span.text]);
    lines.push([
      { text: `  ${' '.repeat(number.length)} | `, as: 'dim' },
      ' '.repeat(before),
      { text: '^'.repeat(length), as: 'red' },
    ]);
  }
  for (const line of detail?.split('\n') ?? []) lines.push([`  ${line}`]);
  return lines;
}

export function messageLines(event: EventOf<'message'>, symbols: Symbols): Line[] {
  const mark: Record<typeof event.level, Span> = {
    info: '',
    warning: { text: `${symbols.warning} warning: `, as: 'yellow' },
    error: { text: `${symbols.failed} error: `, as: 'red' },
  };
  return [[mark[event.level], event.text], ...event.detail.map((line): Line => [`    ${line}`])];
}

/** What an operator needs when a step has failed: where, the end of its output, the whole log, how to go on. */
export function failureLines(
  event: EventOf<'step-finished'>,
  tail: readonly string[],
  run: string | undefined,
  symbols: Symbols,
): Line[] {
  const colour = outcomeColour(event.outcome);
  const word = event.outcome === 'unknown' ? 'outcome unknown' : event.outcome;
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
  if (run !== undefined) lines.push(['    to go on, once mended: ', { text: `runbook resume ${run}`, as: 'bold' }]);
  return lines;
}

export function plannedText(event: EventOf<'planned'>): string {
  const nodes = count(event.nodes.length, 'node');
  return `planned ${event.runbook} on ${event.cluster}: ${count(event.steps, 'step')} on ${nodes}, ${event.changes} to change something`;
}

const ENDINGS = {
  done: { word: 'done', colour: 'green', symbol: 'change' },
  failed: { word: 'failed', colour: 'red', symbol: 'failed' },
  refused: { word: 'refused', colour: 'red', symbol: 'failed' },
  stopped: { word: 'stopped', colour: 'yellow', symbol: 'warning' },
} as const;

export interface RunTotals {
  readonly name: string;
  /** What ran on each node, by its name. */
  readonly nodes: ReadonlyMap<string, Readonly<Record<Outcome, number>>>;
}

export function summaryLines(event: EventOf<'run-finished'>, totals: RunTotals, symbols: Symbols): Line[] {
  const { word, colour, symbol } = ENDINGS[event.outcome];
  const failed = namesWith(totals, ['failed', 'unknown']);
  const changed = namesWith(totals, ['changed']);
  const lines: Line[] = [
    [
      { text: `${symbols[symbol]} ${totals.name} ${word}`, as: ['bold', colour] },
      ` in ${duration(event.duration)}: ${countsText(event.counts)}`,
    ],
  ];
  if (changed.length > 0) lines.push([`    changed on: ${listNames(changed, 12)}`]);
  if (failed.length > 0) lines.push(['    not done on: ', { text: listNames(failed, 12), as: 'red' }]);
  for (const { node, reason } of event.leftOut ?? []) {
    lines.push(['    left out: ', { text: node, as: ['bold', 'red'] }, `: ${reason}`]);
  }
  const resume =
    event.outcome === 'done' ||
    event.next.some((line) => line.includes('runbook apply')) ||
    event.next.some((line) => line.includes('runbook resume'));
  const next = resume ? event.next : [...event.next, `runbook resume ${event.run}`];
  if (next.length > 0) lines.push(['    next:']);
  for (const line of next) lines.push([{ text: `      ${line}`, as: 'bold' }]);
  return lines;
}

function namesWith(totals: RunTotals, outcomes: readonly Outcome[]): string[] {
  return [...totals.nodes].filter(([, counts]) => outcomes.some((one) => counts[one] > 0)).map(([name]) => name);
}

/** The parts of a run that every renderer keeps count of. */
export class Tally {
  run: string | undefined;
  runbook = 'run';
  steps = 0;
  done = 0;
  readonly nodes = new Map<string, Record<Outcome, number>>();

  started(event: EventOf<'run-started'>): void {
    this.run = event.run;
    this.runbook = event.runbook;
    this.steps = event.steps;
    this.done = event.done;
  }

  finished(event: StepRef & { readonly outcome: Outcome }): void {
    this.done += 1;
    const counts = this.nodes.get(event.node) ?? noOutcomes();
    counts[event.outcome] += 1;
    this.nodes.set(event.node, counts);
  }

  get totals(): RunTotals {
    return { name: this.runbook, nodes: this.nodes };
  }
}

export function noOutcomes(): Record<Outcome, number> {
  return { changed: 0, unchanged: 0, skipped: 0, failed: 0, unknown: 0 };
}
