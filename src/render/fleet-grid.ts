import type { FleetStatus } from './fleet-status.ts';
import { columns } from './fleet-table.ts';
import { stateColour } from './status.ts';
import { type Colour, createStyle, type Line, type Look, type Style, widthOfLine } from './style.ts';
import { count, dateAndClock, duration } from './text.ts';

type Cluster = FleetStatus['clusters'][number];

const SYMBOLS = {
  waiting: 'waiting',
  running: 'running',
  done: 'change',
  failed: 'failed',
  settled: 'skipped',
} as const;
const COLOURS: Readonly<Record<string, Colour>> = { done: 'green', running: 'cyan', failed: 'red', settled: 'yellow' };
const HEAD = ['STAGE', 'CLUSTER', 'STATE', 'STEPS', 'ATTEMPT', 'TIME', 'RUN'];
const STATE = HEAD.indexOf('STATE');

/** The grid of a fleet run. Ends with a newline. @param rows lines that a screen has; what has no room is counted */
export function renderFleetStatus(status: FleetStatus, look: Look, rows = Infinity): string {
  const style = createStyle(look);
  const { clusters } = status;
  const head: Line[] = [
    [
      { text: `${status.fleet}: ${status.runbook}`, as: 'bold' },
      ', ',
      { text: status.state, as: stateColour(status.state) },
      `: ${doneText(clusters.map(({ state }) => state))}`,
    ],
    [{ text: `fleet run ${status.run}, begun ${dateAndClock(status.startedAt)}`, as: 'dim' }],
    ...status.about.map((text): Line => [text]),
    [],
  ];
  const foot: Line[] = status.next.map((text): Line => [{ text: `  ${text}`, as: 'bold', copied: 'command' }]);
  if (foot.length > 0) foot.unshift([]);
  const { title, entries } = grid(clusters, style, look.terminal);
  // The last one is that of the cursor.
  const room = rows - sizeOf([...head, title, ...foot], style) - 1;
  return style.text([...head, title, ...fitting(entries, room, style), ...foot]);
}

/** `3 of 5 clusters done, 1 settled by hand` */
export function doneText(states: readonly Cluster['state'][]): string {
  const [done, settled] = (['done', 'settled'] as const).map((word) => states.filter((state) => state === word).length);
  return `${done} of ${count(states.length, 'cluster')} done${settled ? `, ${settled} settled by hand` : ''}`;
}

/** A cluster with what is shown of it. */
interface Entry {
  readonly state: Cluster['state'];
  readonly lines: readonly Line[];
  /** The id of its run, where it has a line of its own. */
  readonly run: readonly Line[];
}

/** The id of a run is below its cluster where a terminal has no room beside it. */
function grid(
  clusters: readonly Cluster[],
  style: Style,
  terminal = Infinity,
): { readonly title: Line; readonly entries: readonly Entry[] } {
  const table = (withRun: boolean): readonly Line[] =>
    columns(
      HEAD,
      clusters.map((one) => [...cellsOf(one), withRun ? (one.run ?? '') : '']),
      (row, column, cell) => {
        const { state } = clusters[row] ?? {};
        if (column !== STATE || state === undefined) return cell;
        const text = `${style.symbols[SYMBOLS[state]]} ${cell}`;
        const colour = COLOURS[state];
        return colour === undefined ? text : { text, as: colour };
      },
    );
  const whole = table(true);
  const isWide = whole.every((line) => widthOfLine(line) - 2 <= terminal);
  const [title = [], ...lines] = isWide ? whole : table(false);
  const below = (text: string): Line => [{ text: `    ${text}`, as: 'dim' }];
  const entries = clusters.map(({ state, reason, run }, index): Entry => ({
    state,
    lines: [lines[index] ?? [], ...(reason === '' ? [] : [below(reason)])],
    run: isWide || run === undefined ? [] : [below(`run ${run}`)],
  }));
  return { title, entries };
}

function cellsOf({ stage, cluster, state, steps, attempts, took }: Cluster): string[] {
  return [
    stage,
    cluster,
    state,
    steps === undefined ? '' : `${steps.done}/${steps.all}`,
    attempts > 1 ? String(attempts) : '',
    took === undefined ? '' : duration(took),
  ];
}

const NEWS = ['failed', 'running', 'waiting', 'settled', 'done'] as const;

/** Without room for all: as many as fit, what failed or runs first, in their order; the others are counted. */
function fitting(entries: readonly Entry[], room: number, style: Style): readonly Line[] {
  const whole = entries.flatMap(({ lines, run }) => [...lines, ...run]);
  if (sizeOf(whole, style) <= room) return whole;
  const sizes = new Map(entries.map((entry) => [entry, sizeOf(entry.lines, style)]));
  const kept = new Set<Entry>();
  // One is that of the count.
  let free = room - 1;
  for (const state of NEWS)
    for (const entry of entries) {
      const size = sizes.get(entry) ?? 0;
      if (entry.state !== state || size > free) continue;
      kept.add(entry);
      free -= size;
    }
  const left = NEWS.flatMap((state) => {
    const amount = entries.filter((entry) => entry.state === state && !kept.has(entry)).length;
    return amount === 0 ? [] : [`${amount} ${state}`];
  });
  const count: Line[] = left.length === 0 ? [] : [[{ text: `and ${left.join(', ')}`, as: 'dim' }]];
  return [...entries.filter((entry) => kept.has(entry)).flatMap(({ lines }) => lines), ...count];
}

/** Rows of the terminal that lines take. */
function sizeOf(lines: readonly Line[], style: Style): number {
  return style.text(lines).split('\n').length - 1;
}
