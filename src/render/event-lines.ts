import { keptText } from './kept.ts';
import { roughly } from '../duration.ts';
import { noOutcomes, type OutcomeCounts, OUTCOMES, type RunEvent } from '../event.ts';
import { hostText } from '../plan/hosts.ts';
import { knownLines } from './known.ts';
import { countsText, outcomeColour, outcomeSymbol } from './outcome.ts';
import type { Line, Span, Symbols } from './style.ts';
import { count, dateAndClock, duration, listNames, stepName } from './text.ts';

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
  const word = event.outcome === 'unknown' ? 'outcome unknown' : event.outcome;
  const continued = event.continued === true ? ', the run continues' : '';
  const lines: Line[] = [
    [
      { text: `${outcomeSymbol(event.outcome, symbols)} ${event.node} ${stepName(event)}: `, as: ['bold', colour] },
      { text: `${word} after ${duration(event.duration)}${continued}`, as: colour },
      `: ${event.reason}`,
    ],
  ];
  if (tail.some((line) => line.trim() !== '')) {
    lines.push(['    last lines of its output:']);
    for (const line of tail) lines.push([{ text: `      ${symbols.bar} `, as: 'dim' }, line]);
  }
  lines.push(...knownLines(event.known, '    '));
  if (event.log !== undefined) lines.push([`    whole output: ${event.log}`]);
  return lines;
}

export function factsText({ nodes, file, readAt, at }: EventOf<'facts'>): string {
  if (file !== undefined && readAt !== undefined) return keptText({ file, readAt }, Date.parse(at));
  return `reading facts of ${count(nodes.length, 'node')}`;
}

export function plannedText(event: EventOf<'planned'>): string {
  const nodes = count(event.nodes.length, 'node');
  return `planned ${event.runbook} on ${event.cluster}: ${count(event.steps, 'step')} on ${nodes}, ${event.changes} to change something`;
}

/** `rehearsed about 2 h ago: it ended well` */
export function rehearsedText(event: EventOf<'rehearsed'>): string {
  const { rehearsed, outcome = 'done', where, differs = [], next } = event;
  if (rehearsed === 'never')
    return `not rehearsed${next === undefined ? '' : `; to try it on a twin of the cluster: ${next}`}`;
  const again = next === undefined ? '' : `; to rehearse again: ${next}`;
  const when = `${roughly(Date.parse(event.at) - Date.parse(event.rehearsedAt ?? event.at))} ago`;
  if (rehearsed === 'other') {
    const others = differs.map((part) => OTHERS[part]).join(' and ') || 'another runbook, inputs or nodes';
    return `not rehearsed: the rehearsal ${when} had ${others}${again}`;
  }
  const end = `${REHEARSED[outcome]}${where === undefined ? '' : ` at ${where}`}`;
  const moved = rehearsed === 'moved' ? ', but the cluster has changed since' : '';
  return `rehearsed ${when}: ${end}${moved}${again}`;
}

const OTHERS = { runbook: 'another text of the runbook', inputs: 'other inputs', nodes: 'other nodes' } as const;

const REHEARSED = {
  done: 'it ended well',
  paused: 'it paused',
  failed: 'it failed',
  refused: 'a guard refused',
  stopped: 'it stopped',
} as const;

/** Whether it is to be relied on. */
export function isWellRehearsed({ rehearsed, outcome }: EventOf<'rehearsed'>): boolean {
  return rehearsed === 'same' && outcome === 'done';
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
  paused: { word: 'paused', colour: 'cyan', symbol: 'waiting' },
} as const;

/** `runbook`: its name. */
export function summaryLines(event: EventOf<'run-finished'>, runbook: string, symbols: Symbols): Line[] {
  const { word, colour, symbol } = ENDINGS[event.outcome];
  const { nodes = [], continued = [] } = event;
  const changed = nodes.flatMap(({ node, counts }) => (counts.changed > 0 ? [node] : []));
  const failed = nodes.flatMap(({ node, notDone }) => (notDone ? [node] : []));
  const lines: Line[] = [
    [
      { text: `${symbols[symbol]} ${runbook} ${word}`, as: ['bold', colour] },
      ` in ${duration(event.duration)}${sinceText(event)}: ${countsText(event.counts)}`,
    ],
  ];
  if (event.outcome === 'paused' && event.reason !== undefined) lines.push([`    ${event.reason}`]);
  if (changed.length > 0) lines.push([`    changed on: ${listNames(changed, 12)}`]);
  if (failed.length > 0) lines.push(['    not done on: ', { text: listNames(failed, 12), as: 'red' }]);
  if (continued.length > 0) {
    const steps = continued.map(({ node, step }) => `${node}/${step}`);
    lines.push(['    failed, and the run continued: ', { text: listNames(steps, 12), as: 'red' }]);
  }
  for (const { node, reason } of event.leftOut ?? []) {
    lines.push(['    left out: ', { text: node, as: ['bold', 'red'] }, `: ${reason}`]);
  }
  lines.push(...leftRunningLines(event), ...cordonedLines(event));
  if (event.next.length > 0) lines.push(['    next:']);
  for (const line of event.next) lines.push(nextLine(line, '      '));
  return lines;
}

/** A command of this program, which can be copied, or a sentence. */
export function nextLine(text: string, indent: string): Line {
  return [{ text: `${indent}${text}`, as: 'bold', ...(text.startsWith('runbook ') && { copied: 'command' as const }) }];
}

/** The time is that of every process together: where it began says that there was a pause. */
function sinceText({ resumed = 0, startedAt }: EventOf<'run-finished'>): string {
  if (resumed === 0) return '';
  const began = startedAt === undefined ? '' : `, began ${dateAndClock(startedAt)}`;
  return ` (resumed ${resumed === 1 ? 'once' : count(resumed, 'time')}${began})`;
}

function leftRunningLines({ leftRunning = [] }: EventOf<'run-finished'>): Line[] {
  return leftRunning.map(({ host, node, ...step }) => [
    '    left running on ',
    { text: hostText(host), as: ['bold', 'yellow'] },
    `: ${stepName(step)}${host === node ? '' : ` of ${node}`} (it continues there; resume follows it)`,
  ]);
}

function cordonedLines({ cordoned = [] }: EventOf<'run-finished'>): Line[] {
  const [before, since] = [true, false].map((was) =>
    cordoned.filter((one) => one.before === was).map(({ node }) => node),
  );
  const line = (nodes: readonly string[] = [], why = ''): Line[] =>
    nodes.length === 0 ? [] : [[`    stays cordoned${why}: `, { text: listNames(nodes, 12), as: 'yellow' }]];
  return [...line(since), ...line(before, ', as before the run')];
}

/** `phase 2/4 Other control planes: skipped, if: hop.last is false` */
export function skippedText(event: EventOf<'phase-skipped'>): string {
  return `${event.phase}/${event.phases} ${event.name}: skipped, ${event.reason}`;
}

/** What a phase had behind it before a resume. */
export function countsBefore({ before = [] }: EventOf<'phase-started'>): OutcomeCounts {
  return sumOf(before.map(({ counts }) => counts));
}

export function sumOf(all: readonly Readonly<OutcomeCounts>[]): OutcomeCounts {
  const sum = noOutcomes();
  for (const counts of all) for (const outcome of OUTCOMES) sum[outcome] += counts[outcome];
  return sum;
}
