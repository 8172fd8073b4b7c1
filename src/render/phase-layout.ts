import { isBad } from '../event.ts';
import { countsText, outcomeColour, outcomeSymbol } from './outcome.ts';
import type { NodeView, RunningStep } from './phase-view.ts';
import type { Line, Style } from './style.ts';
import { duration, elapsed, escapeControls } from './text.ts';
import { repeatedText } from './repeats.ts';
import { wrap } from './width.ts';

export interface PhaseState {
  readonly head: Line;
  /** What is waited for before the next nodes. */
  readonly waiting?: string | undefined;
  readonly nodes: readonly NodeView[];
  /** The node at which something happened last: it stays unfolded between two of its steps. */
  readonly latest: NodeView | undefined;
  readonly now: number;
  readonly verbose: boolean;
  /** Where lines are cut; a message is broken before that. Undefined: nowhere. */
  readonly columns?: number;
}

/**
 * The phase in at most `rows` lines. The least important gives way first: ended steps of a running node, commands,
 * output; then nodes that wait or are done fold into one line per kind, then running nodes beyond the room into a
 * number.
 */
export function phaseLines(state: PhaseState, rows: number, style: Style): Line[] {
  const head = state.waiting === undefined || rows < 3 ? [state.head] : [state.head, waitingLine(state.waiting, style)];
  if (rows <= 1) return [state.head].slice(0, rows);
  const active = state.nodes.filter((node) => isActive(node, state));
  const others = state.nodes.filter((node) => !isActive(node, state));
  const room = rows - head.length;
  const folded = others.length + active.length <= room ? 0 : foldedRows(others);
  const single = folded === 0 ? others.length : folded;
  const unfolded = active.slice(0, fits(active.length, room - single));
  const hidden = active.length - unfolded.length;
  const spare = room - single - unfolded.length - (hidden > 0 ? 1 : 0);
  const share = unfolded.length === 0 ? 0 : Math.floor(Math.max(0, spare) / unfolded.length);
  const lines: Line[] = head;
  if (folded > 0) lines.push(...foldedLines(others, style));
  for (const node of state.nodes) {
    if (unfolded.includes(node)) lines.push(...activeLines(node, state, share, style));
    else if (folded === 0 && !isActive(node, state)) lines.push(idleLine(node, style));
  }
  if (hidden > 0) lines.push([`  ${style.symbols.running} ${hidden} more nodes at work`]);
  return lines.slice(0, rows);
}

function waitingLine(text: string, { symbols }: Style): Line {
  return [{ text: `  ${symbols.waiting} waiting: `, as: 'cyan' }, text];
}

function isActive(node: NodeView, state: PhaseState): boolean {
  const isOver = node.failed || node.leftOut !== undefined;
  if (node.waiting || (isOver && node.running === undefined)) return false;
  return (
    node.running !== undefined ||
    (node === state.latest && state.waiting === undefined && !state.nodes.some((one) => one.running))
  );
}

function fits(wanted: number, room: number): number {
  return wanted <= room ? wanted : Math.max(0, room - 1);
}

type Kind = 'failed' | 'left-out' | 'done' | 'waiting';

function kindOf(node: NodeView): Kind {
  if (node.failed) return 'failed';
  if (node.leftOut !== undefined) return 'left-out';
  return node.waiting ? 'waiting' : 'done';
}

function foldedRows(nodes: readonly NodeView[]): number {
  return new Set(nodes.map(kindOf)).size;
}

function foldedLines(nodes: readonly NodeView[], style: Style): Line[] {
  const { symbols } = style;
  const names = (kind: Kind): string[] => nodes.filter((node) => kindOf(node) === kind).map((node) => node.name);
  const kinds = [
    { kind: 'failed', symbol: symbols.failed, as: 'red', word: 'failed' },
    { kind: 'left-out', symbol: symbols.warning, as: 'yellow', word: 'left out' },
    { kind: 'done', symbol: symbols.change, as: 'green', word: 'done' },
    { kind: 'waiting', symbol: symbols.waiting, as: 'dim', word: 'to come' },
  ] as const;
  return kinds.flatMap(({ kind, symbol, as, word }): Line[] => {
    const of = names(kind);
    if (of.length === 0) return [];
    return [
      [
        { text: `  ${symbol} ${of.length} ${word}: `, as },
        { text: of.join(', '), as: 'dim' },
      ],
    ];
  });
}

function idleLine(node: NodeView, style: Style): Line {
  const { symbols } = style;
  const failure = node.failed ? node.ended.find(({ outcome, continued }) => isBad(outcome) && !continued) : undefined;
  if (failure !== undefined) {
    const as = outcomeColour(failure.outcome);
    return [
      { text: `  ${outcomeSymbol(failure.outcome, symbols)} ${node.name}`, as },
      `  ${failure.title}: ${failure.reason}`,
    ];
  }
  if (node.leftOut !== undefined)
    return [{ text: `  ${symbols.warning} ${node.name}`, as: 'yellow' }, `  left out: ${node.leftOut}`];
  if (node.waiting) return [{ text: `  ${symbols.waiting} ${node.name}`, as: 'dim' }];
  return [
    { text: `  ${symbols.change} `, as: 'green' },
    node.name,
    { text: `  ${countsText(node.counts)}  ${duration(node.duration)}`, as: 'dim' },
  ];
}

function activeLines(node: NodeView, state: PhaseState, spare: number, style: Style): Line[] {
  const below = node.running === undefined ? [] : belowRunning(node.running, state, style);
  const tail = below.slice(Math.max(0, below.length - spare));
  const room = Math.max(0, spare - tail.length);
  const ended =
    room === 0
      ? []
      : node.ended.slice(-room).map((step): Line => {
          const symbol = outcomeSymbol(step.outcome, style.symbols);
          return [
            { text: `      ${symbol} `, as: outcomeColour(step.outcome) },
            { text: `${step.title}: ${step.outcome}${step.reason === '' ? '' : `, ${step.reason}`}`, as: 'dim' },
          ];
        });
  // Ended steps above the running one read as a list; the node's own line stays on top.
  return [headOf(node, state, style), ...ended, ...tail];
}

function headOf(node: NodeView, state: PhaseState, style: Style): Line {
  const { spinner, running: mark } = style.symbols;
  const symbol = node.running ? (spinner[Math.floor(state.now / 200) % spinner.length] ?? mark) : mark;
  const start: Line = [{ text: `  ${symbol} `, as: 'cyan' }, { text: node.name, as: 'bold' }, '  '];
  const lost: Line = node.lost === undefined ? [] : [{ text: '  connection lost', as: 'yellow' }];
  const { running } = node;
  if (running === undefined) return [...start, { text: 'reading facts', as: 'dim' }, ...lost];
  const attempt = running.attempt > 1 ? ` (attempt ${running.attempt})` : '';
  const again = running.reattached ? ' (followed again)' : '';
  return [
    ...start,
    { text: elapsed(state.now - running.since), as: 'cyan' },
    { text: running.limit === undefined ? '  ' : ` of ${elapsed(running.limit)}  `, as: 'dim' },
    running.title,
    { text: `${attempt}${again}`, as: 'yellow' },
    ...lost,
  ];
}

function belowRunning(step: RunningStep, { verbose, columns = Infinity }: PhaseState, style: Style): Line[] {
  const { bar, times } = style.symbols;
  const commands = verbose ? step.commands.flatMap((command) => command.split('\n')) : [];
  return [
    ...commands.map((command): Line => [{ text: `      $ ${escapeControls(command)}`, as: 'dim' }]),
    ...step.tail.lines.map((line): Line => [{ text: `      ${bar} `, as: 'dim' }, repeatedText(line, times)]),
    ...(step.message === undefined ? [] : wrap(step.message, columns - 6)).map((line): Line => [`      ${line}`]),
  ];
}
