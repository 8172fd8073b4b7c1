import { roughly } from '../duration.ts';
import { clockText, stampText } from '../time-zone.ts';
import { foldNames } from './fold-names.ts';
import type { Drain, NotModelled, NotRehearsed, RehearsalData } from './rehearsal-data.ts';
import { createStyle, type Line, type Look, type Symbols } from './style.ts';
import { count, duration, listNames } from './text.ts';
import { pad, widthOf, wrap } from './width.ts';

interface RehearsalLook extends Look {
  readonly columns: number;
  /** Every node, pod and difference. */
  readonly verbose: boolean;
  /** The operator's. */
  readonly zone: string;
}

/** Nodes, drains and differences that are shown without -v. */
const MOST = 10;

const ENDINGS = {
  done: { symbol: 'change', colour: 'green', word: 'It would end well' },
  paused: { symbol: 'waiting', colour: 'cyan', word: 'It would pause' },
  failed: { symbol: 'failed', colour: 'red', word: 'It would fail' },
  refused: { symbol: 'failed', colour: 'red', word: 'A guard would refuse' },
  stopped: { symbol: 'failed', colour: 'red', word: 'It would stop' },
} as const;

/** What a rehearsal showed, for people. `next`: commands. Ends with a newline. */
export function renderRehearsal(data: RehearsalData, next: readonly string[], look: RehearsalLook): string {
  const style = createStyle(look);
  const page = { ...look, symbols: style.symbols };
  // Commands are not broken: they are copied.
  const commands = next.map((line): Line => [
    { text: 'next: ', as: 'dim' },
    { text: line, as: 'bold' },
  ]);
  const text = style.text(
    [
      ...head(data, page),
      [],
      ...verdict(data, page),
      [],
      ...nodes(data, page),
      ...drains(data, page),
      ...api(data, page),
      ...assumed(data.notRehearsed, page),
      ...unlike(data.notModelled, page),
      ...(next.length === 0 ? [] : [[]]),
    ],
    look.columns,
  );
  return `${text}${style.text(commands)}`;
}

type Page = RehearsalLook & { readonly symbols: Symbols };

function head({ runbook, cluster, facts, plan, expected, findings }: RehearsalData, page: Page): Line[] {
  const read = stampText(Date.parse(facts.readAt), page.zone).slice(0, 16);
  const measured = expected === undefined ? '' : timesText(expected);
  return [
    [{ text: `Rehearsal: ${runbook.name} on a twin of ${cluster}`, as: 'bold' }, '; no node is changed'],
    field('facts', facts.file === undefined ? `read ${read}` : `read ${read}, ${facts.file}`),
    field('plan', plan.digest),
    ...(measured === '' ? [] : [field('times', measured)]),
    ...(findings.length === 0
      ? []
      : [field('guards', `${count(findings.length, 'finding')}, none refuses; \`runbook plan\` shows them`)]),
  ];
}

function field(name: string, value: string): Line {
  return [{ text: `  ${pad(name, 8)}`, as: 'dim' }, value];
}

function timesText({ kinds, measured }: NonNullable<RehearsalData['expected']>): string {
  if (measured === 0) return 'usual ones: no earlier run measured this cluster';
  return `${measured} of ${count(kinds, 'kind')} of step as earlier runs measured them`;
}

function verdict(data: RehearsalData, page: Page): Line[] {
  const { outcome, takes, startedAt, endedAt, at, reason, tail = [] } = data;
  const { symbol, colour, word } = ENDINGS[outcome];
  const [from, to] = [startedAt, endedAt].map((one) => stampText(Date.parse(one), page.zone).slice(0, 16));
  const until = to?.slice(0, 10) === from?.slice(0, 10) ? to?.slice(11) : to;
  const where = at === undefined ? '' : ` at ${at.node} ${at.step}`;
  return [
    [
      { text: `${page.symbols[symbol]} ${word}${where}`, as: ['bold', colour] },
      ` after ${roughly(takes)} (${from} to ${until})`,
    ],
    ...(reason === '' ? [] : wrap(reason, page.columns - 4).map((text): Line => [`    ${text}`])),
    ...tail.map((text): Line => [{ text: `    ${page.symbols.bar} `, as: 'dim' }, text]),
    ...passedOver(data, page),
  ];
}

/** What failed and stops nothing. */
function passedOver({ passedOver: all = [] }: RehearsalData, page: Page): Line[] {
  const shown = page.verbose ? all : all.slice(0, MOST);
  return [
    ...shown.flatMap(({ node, step, reason }) =>
      wrap(`${node} ${step} fails and is passed over: ${reason}`, page.columns - 4).map((text, at): Line =>
        at === 0 ? [{ text: `  ${page.symbols.warning} `, as: 'yellow' }, text] : [`    ${text}`],
      ),
    ),
    ...more(all.length - shown.length, 'failed step', page),
  ];
}

function nodes(data: RehearsalData, page: Page): Line[] {
  const worked = data.nodes.filter(({ takes }) => takes > 0);
  const shown = page.verbose ? worked : worked.slice(0, MOST);
  if (shown.length === 0) return [['  nothing was to be done on any node']];
  const rows = [
    ['node', 'takes', 'out', 'pods', 'kubelet'],
    ...shown.map(({ name, takes, out, pods, kubelet }) => [
      name,
      duration(takes),
      out === 0 ? '-' : duration(out),
      pods === 0 ? '-' : String(pods),
      kubelet === undefined ? '-' : versionText(kubelet, page),
    ]),
  ];
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => widthOf(row[at] ?? '')))) ?? [];
  const text = (row: readonly string[]): string => row.map((cell, at) => pad(cell, widths[at] ?? 0)).join('  ');
  return [
    ...rows.map((row, at): Line => [at === 0 ? { text: `  ${text(row)}`, as: 'dim' } : `  ${text(row)}`]),
    ...more(worked.length - shown.length, 'node', page),
  ];
}

function versionText({ before, after }: { readonly before: string; readonly after: string }, page: Page): string {
  return before === after ? before : `${before} ${page.unicode ? '→' : '->'} ${after}`;
}

function drains({ drains: all, startedAt, endedAt }: RehearsalData, page: Page): Line[] {
  const moving = all.filter(({ pods }) => pods.length > 0);
  if (moving.length === 0) return [];
  const shown = page.verbose ? moving : moving.slice(0, MOST);
  const width = Math.max(...shown.map(({ node }) => widthOf(node)));
  return [
    [],
    [{ text: 'Drains', as: 'bold' }],
    ...shown.flatMap((drain) => drainLines(drain, width, page, startedAt.slice(0, 10) !== endedAt.slice(0, 10))),
    ...more(moving.length - shown.length, 'drain', page),
  ];
}

function drainLines({ node, from, to, pods }: Drain, width: number, page: Page, dated: boolean): Line[] {
  const places = new Map<string, number>();
  for (const pod of pods) if (pod.to !== undefined) places.set(pod.to, (places.get(pod.to) ?? 0) + 1);
  const moved = [...places].toSorted(([, a], [, b]) => b - a).map(([name, amount]) => `${amount} to ${name}`);
  const lasted = to === undefined ? 'no end' : duration(Date.parse(to) - Date.parse(from));
  const begin = dated
    ? stampText(Date.parse(from), page.zone).slice(5, 16)
    : clockText(Date.parse(from), page.zone).slice(0, 5);
  const named = (fate: string): string[] => pods.flatMap((one) => (one.fate === fate ? [one.pod] : []));
  const list = (fate: string, words: string): Line[] => {
    const of = named(fate);
    if (of.length === 0) return [];
    const indent = ' '.repeat(width + 4);
    return wrap(`${listNames(of, page.verbose ? of.length : 4)}: ${words}`, page.columns - indent.length).map(
      (text): Line => [`${indent}${text}`],
    );
  };
  return [
    [`  ${pad(node, width)}  `, `${begin}, ${lasted}: `, moved.length === 0 ? 'no pod moves' : listNames(moved, 4)],
    ...(page.verbose
      ? pods.flatMap((one): Line[] => (one.to === undefined ? [] : [[`      ${one.pod} to ${one.to}`]]))
      : []),
    ...list('gone', 'no controller makes another'),
    ...list('pending', 'no node takes its successor by the end of the drain'),
    ...list('stays', 'not evicted'),
  ];
}

function api({ api: all }: RehearsalData, page: Page): Line[] {
  if (all.length === 0) return [];
  const none = all.filter((one) => one.none);
  const shown = page.verbose ? all : (none.length > 0 ? none : all).slice(0, MOST);
  const title = none.length > 0 ? 'The API is away' : 'API servers restart; another one answers';
  return [
    [],
    [{ text: title, as: none.length > 0 ? ['bold', 'yellow'] : 'bold' }],
    ...shown.map(({ from, away, step }): Line => [
      `  ${clockText(Date.parse(from), page.zone)}  ${listNames(away, 4)}${step === undefined ? '' : `, ${step}`}`,
    ]),
    ...more((none.length > 0 ? none : all).length - shown.length, 'time', page),
  ];
}

function assumed(all: readonly NotRehearsed[], page: Page): Line[] {
  if (all.length === 0) return [];
  const shown = page.verbose ? all : all.slice(0, MOST);
  return [
    [],
    [{ text: `Not rehearsed (${all.length})`, as: 'bold' }],
    ...shown.flatMap(({ what, nodes: on = [], as }): Line[] => {
      const where = on.length === 0 ? '' : ` on ${listNames(foldNames(on), 4)}`;
      const [first = '', ...rest] = wrap(`${what}${where}: ${as}`, page.columns - 4);
      return [[`  ${page.symbols.skipped} ${first}`], ...rest.map((text): Line => [`    ${text}`])];
    }),
    ...more(all.length - shown.length, 'thing', page),
  ];
}

function unlike(all: readonly NotModelled[], page: Page): Line[] {
  if (all.length === 0) return [];
  const deciding = all.filter((one) => one.deciding);
  const shown = page.verbose ? all : [...deciding, ...all.filter((one) => !one.deciding)].slice(0, MOST);
  const lines = shown.flatMap(
    ({ fact, path, nodes: on, source = 'nothing', twin = 'nothing', deciding: decides }): Line[] => {
      const at = path === '' ? fact : `${fact}${path.startsWith('[') ? '' : '.'}${path}`;
      const where = on.length === 0 ? '' : ` of ${listNames(foldNames(on), 4)}`;
      const [first = '', ...rest] = wrap(`${at}${where}: ${source}; the twin has ${twin}`, page.columns - 4);
      const mark: Line = decides
        ? [{ text: `  ${page.symbols.warning} ${first}`, as: 'yellow' }]
        : [`  ${page.symbols.note} ${first}`];
      return [mark, ...rest.map((text): Line => [`    ${text}`])];
    },
  );
  const weight = deciding.length === 0 ? '; the plan stands on none of it' : `; the plan stands on ${deciding.length}`;
  return [
    [],
    [{ text: `Not modelled (${all.length})`, as: 'bold' }, weight],
    ...lines,
    ...more(all.length - shown.length, 'difference', page),
  ];
}

function more(amount: number, what: string, { verbose }: Page): Line[] {
  return amount > 0 && !verbose ? [[{ text: `  and ${count(amount, what)} more (-v shows all)`, as: 'dim' }]] : [];
}
