import { isBad, type KnownCause, type Outcome } from '../event.ts';
import { stepsOfPhase, stepsOfPlan } from '../plan/all-steps.ts';
import { hostText } from '../plan/hosts.ts';
import { type Plan, type PlanPhase, type PlanStep, whySkipped } from '../plan/plan.ts';
import { nextLine } from './event-lines.ts';
import { groupBy } from './group.ts';
import { knownLines } from './known.ts';
import { outcomeColour, outcomeSymbol } from './outcome.ts';
import type { Colour, Line, Look, Span, Symbols } from './style.ts';
import { createStyle } from './style.ts';
import { count, dateAndClock, sanitize } from './text.ts';
import { pad, widthOf, wrap } from './width.ts';

/** The state of a planned step. */
export interface StepStatus {
  readonly outcome: Outcome | 'running' | 'left-running' | 'pending';
  /** Where it is left running, a node or `local`. */
  readonly host?: string;
  readonly attempt: number;
  readonly reason: string;
  /** It failed, and the run continued. */
  readonly continued?: true;
  /** Known texts in its output. */
  readonly known?: readonly KnownCause[];
}

interface RunStatus {
  readonly run: string;
  readonly runbook: string;
  readonly cluster: string;
  /** One word for people: `running`, `failed`, `done` ... */
  readonly state: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly plan: Plan;
  /** By `node/step`, e.g. `cp-1/5.2-drain`. Planned steps that are missing here are pending. */
  readonly outcomes: ReadonlyMap<string, StepStatus>;
  /** Lines that explain the state. */
  readonly about?: readonly string[];
  /** By node: what is known of its versions, e.g. `kubelet 1.31.9`. */
  readonly versions?: ReadonlyMap<string, string>;
  /** Nodes that were cordoned when they were read. */
  readonly cordoned?: readonly string[];
  /** When versions and cordons were read, ISO 8601. */
  readonly readAt?: string;
  readonly next: readonly string[];
}

interface StatusLook extends Look {
  readonly verbose: boolean;
  readonly columns: number;
}

const PENDING: StepStatus = { outcome: 'pending', attempt: 0, reason: '' };

/** A table of nodes x steps per phase; with `verbose` a line per step in place of a symbol. Ends with a newline. */
export function renderStatus(status: RunStatus, look: StatusLook): string {
  const style = createStyle(look);
  const lines: Line[] = [
    [
      { text: `${status.runbook} on ${status.cluster}: `, as: 'bold' },
      { text: status.state, as: ['bold', stateColour(status.state)] },
    ],
    [{ text: `run ${status.run}, started ${dateAndClock(status.startedAt)}`, as: 'dim' }],
    ...(status.about ?? []).map((line): Line => [line]),
    ...overrideLines(status),
    ...versionLines(status),
    ...status.plan.phases.flatMap((phase) => phaseLines(phase, status, look, style.symbols)),
    [],
    totals(status),
    [{ text: legend(style.symbols), as: 'dim' }],
  ];
  if (status.next.length > 0) lines.push([], ['next:']);
  for (const line of status.next) lines.push(nextLine(line, '  '));
  return style.text(lines, look.columns);
}

/** Refusals that the operator overrode when the run was planned. */
function overrideLines({ plan }: RunStatus): Line[] {
  return (plan.overrides ?? []).map(({ guard, node, reason }) => [
    { text: 'overridden: ', as: 'yellow' },
    `${guard}${node === undefined ? '' : ` on ${node}`}: ${sanitize(reason)}`,
  ]);
}

function versionLines({ versions = new Map(), cordoned = [], readAt }: RunStatus): Line[] {
  const names = [...new Set([...versions.keys(), ...cordoned])];
  if (names.length === 0) return [];
  const width = Math.max(...names.map(widthOf));
  const marked = new Set(cordoned);
  const when = readAt === undefined ? '' : `  as read at ${dateAndClock(readAt)}`;
  return [
    [],
    [
      { text: 'Versions', as: 'bold' },
      { text: when, as: 'dim' },
    ],
    ...names.map((name): Line => {
      const mark: Span = { text: '  cordoned', as: 'yellow' };
      return [`  ${pad(name, width)}  ${versions.get(name) ?? ''}`, ...(marked.has(name) ? [mark] : [])];
    }),
  ];
}

function phaseLines(phase: PlanPhase, status: RunStatus, look: StatusLook, symbols: Symbols): Line[] {
  const names = phase.batches.flat();
  const all = stepsOfPhase(phase);
  const ids = [...new Set(all.map((step) => step.id))];
  const skipped = whySkipped(phase);
  const lines: Line[] = [
    [],
    [
      { text: `Phase ${phase.number}/${status.plan.phases.at(-1)?.number ?? 0} ${phase.name}`, as: 'bold' },
      ...(skipped === undefined ? [] : [{ text: `  skipped: ${skipped}`, as: 'dim' } as const]),
    ],
  ];
  if (skipped !== undefined) return lines;
  if (!look.verbose) {
    for (const line of wrap(ids.join(' '), look.columns - 2)) lines.push([{ text: `  ${line}`, as: 'dim' }]);
  }
  const width = Math.max(0, ...names.map(widthOf));
  const byNode = groupBy(all, ({ node }) => node);
  for (const name of names) {
    const steps = byNode.get(name) ?? [];
    if (look.verbose) lines.push(...stepLines(name, steps, status, look, symbols));
    else {
      lines.push(nodeLine(pad(name, width), ids, steps, status, symbols));
      for (const step of steps) lines.push(...knownLines(statusOf(step, status).known, '    ', look.columns));
    }
  }
  return lines;
}

/** One symbol per step, in the order of the steps named above, then the step that is worth a word. */
function nodeLine(
  label: string,
  ids: readonly string[],
  steps: readonly PlanStep[],
  status: RunStatus,
  symbols: Symbols,
): Line {
  const all = steps.map((step) => ({ step, is: statusOf(step, status) }));
  const byId = new Map(all.map(({ step, is }) => [step.id, is]));
  // A step of one node alone (`once`) leaves a gap at the others.
  const marks = ids.map((id): Mark => {
    const found = byId.get(id);
    return found ? mark(found, symbols) : { text: ' ', as: 'dim' };
  });
  const bad = all.filter(({ is }) => isBad(is.outcome));
  const telling = bad.find(({ is }) => is.continued !== true) ?? bad[0] ?? all.find(({ is }) => isRunning(is.outcome));
  if (telling === undefined) return [`  ${label}  `, ...joined(marks)];
  const { step, is } = telling;
  const attempt = is.attempt > 1 ? ` (attempt ${is.attempt})` : '';
  const reason = is.reason === '' ? '' : `: ${is.reason}`;
  return [`  ${label}  `, ...joined(marks), { text: ` ${step.id} ${wordOf(is)}${attempt}${reason}`, as: colourOf(is) }];
}

interface Mark {
  readonly text: string;
  readonly as: Colour;
}

/** With a space behind each. Those side by side in one colour are one span: a run may have tens of thousands. */
function joined(marks: readonly Mark[]): Span[] {
  const groups: { readonly as: Colour; readonly texts: string[] }[] = [];
  for (const { text, as } of marks) {
    const last = groups.at(-1);
    if (last?.as === as) last.texts.push(text);
    else groups.push({ as, texts: [text] });
  }
  return groups.flatMap(({ as, texts }): Span[] => [{ text: texts.join(' '), as }, ' ']);
}

function stepLines(
  name: string,
  steps: readonly PlanStep[],
  status: RunStatus,
  { columns }: StatusLook,
  symbols: Symbols,
): Line[] {
  const lines: Line[] = [[`  `, { text: name, as: 'bold' }]];
  for (const step of steps) {
    const is = statusOf(step, status);
    const attempt = is.attempt > 1 ? ` (attempt ${is.attempt})` : '';
    const reason = is.reason === '' ? '' : `: ${is.reason}`;
    lines.push([
      '    ',
      mark(is, symbols),
      ` ${step.id}  `,
      { text: `${wordOf(is)}${attempt}${reason}`, as: colourOf(is) },
    ]);
    lines.push(...knownLines(is.known, '        ', columns));
  }
  return lines;
}

function statusOf(step: PlanStep, status: RunStatus): StepStatus {
  return status.outcomes.get(`${step.node}/${step.id}`) ?? PENDING;
}

function wordOf({ outcome, continued, host = 'its node' }: StepStatus): string {
  if (outcome === 'left-running') return `left running on ${hostText(host)}`;
  return continued === true ? `${outcome}, the run continued` : outcome;
}

function mark(is: StepStatus, symbols: Symbols): Mark {
  if (isRunning(is.outcome)) return { text: symbols.running, as: 'cyan' };
  if (is.outcome === 'pending') return { text: symbols.waiting, as: 'dim' };
  return { text: outcomeSymbol(is.outcome, symbols), as: outcomeColour(is.outcome) };
}

/** Also where no process follows it. */
function isRunning(outcome: StepStatus['outcome']): outcome is 'running' | 'left-running' {
  return outcome === 'running' || outcome === 'left-running';
}

function colourOf(is: StepStatus): Colour {
  if (isRunning(is.outcome)) return 'cyan';
  return is.outcome === 'pending' ? 'dim' : outcomeColour(is.outcome);
}

/** How the state of a run shows. */
export function stateColour(state: string): Colour {
  if (state === 'done') return 'green';
  if (state === 'died') return 'red';
  return state === 'running' ? 'cyan' : 'yellow';
}

function totals(status: RunStatus): Line {
  const steps = stepsOfPlan(status.plan);
  const amounts = new Map<string, number>();
  for (const step of steps) {
    const { outcome } = statusOf(step, status);
    amounts.set(outcome, (amounts.get(outcome) ?? 0) + 1);
  }
  const parts = [...amounts].map(([outcome, amount]) => `${amount} ${outcome.replace('-', ' ')}`);
  return [`${count(steps.length, 'step')} on ${count(status.plan.nodes.length, 'node')}: ${parts.join(', ')}`];
}

function legend(symbols: Symbols): string {
  return [
    `${symbols.change} changed`,
    `${symbols.unchanged} unchanged`,
    `${symbols.skipped} skipped`,
    `${symbols.failed} failed`,
    `${symbols.unknown} unknown`,
    `${symbols.running} running`,
    `${symbols.waiting} pending`,
  ].join('  ');
}
