import type { Finding } from '../event.ts';
import { stepKey } from '../plan/key.ts';
import { stepsOfPhase } from '../plan/all-steps.ts';
import { windowText } from '../plan/pace.ts';
import { type Plan, type PlanPhase, type PlanStep, whySkipped } from '../plan/plan.ts';
import { findingLines } from './finding.ts';
import { foldedFindingLines } from './fold-findings.ts';
import { foldNames, namesText } from './fold-names.ts';
import { groupBy } from './group.ts';
import { forecastsOf, isBeside, PlanFold } from './plan-fold.ts';
import { type Prospect, prospectLines } from './plan-question.ts';
import { phaseTime, planTime } from './plan-time.ts';
import { type OwnNames, ownNames } from './plan-names.ts';
import { paceLines } from './pace.ts';
import { hopText, machines, paceText, summaryText, valueText, wayText } from './plan-words.ts';
import { hookLines } from './plan-hooks.ts';
import { entryLines, stepLines } from './plan-step.ts';
import type { Line, Look, Symbols } from './style.ts';
import { createStyle, widthOfLine, wrapLine } from './style.ts';
import { count, listNames, sanitize } from './text.ts';
import { widthOf, wrap } from './width.ts';

interface Page {
  readonly columns: number;
  readonly verbose: boolean;
  readonly symbols: Symbols;
}

interface PlanLook extends Look {
  /** Whole scripts, time limits and conditions too. */
  readonly verbose: boolean;
  /** Prose is broken to this width. Commands never are: they stay as they run. */
  readonly columns: number;
}

/** What a plan would do in a few lines, for the question before it is done. Ends with a newline. */
export function renderPlanSummary(plan: Plan, prospect: Prospect, look: PlanLook): string {
  const isDue = (step: PlanStep): boolean => step.predicted.outcome === 'change' && !prospect.isSettled(step);
  const phases = plan.phases.flatMap((phase): Line[] => {
    const changing = stepsOfPhase(phase).filter(isDue);
    if (changing.length === 0) return [];
    const due = new Set(changing.map(({ node }) => node));
    const nodes = phase.batches.flat().filter((name) => due.has(name));
    const what = [...new Set(changing.map((step) => (step.action === 'run' ? step.title : step.action)))];
    return [
      [{ text: `  ${phase.number} ${phase.name}`, as: 'bold' }, `: ${listNames(foldNames(nodes), 6)}`],
      ...wrap(sanitize(what.join(', ')), look.columns - 4).map((text): Line => [{ text: `    ${text}`, as: 'dim' }]),
    ];
  });
  return createStyle(look).text([[], ...phases, [], ...prospectLines(plan, prospect)], look.columns);
}

/**
 * What a plan would do, for people: every step with its commands once for all nodes that have it so, and what differs
 * beside their names; then all findings. `verbose`: each node by itself, with whole scripts. Ends with a newline.
 * @param kept the facts file that it is made from
 */
export function renderPlan(plan: Plan, look: PlanLook, kept?: string): string {
  const style = createStyle(look);
  const { symbols } = style;
  const page = { columns: look.columns, verbose: look.verbose, symbols };
  const names = ownNames(plan);
  const found = look.verbose
    ? findings(plan, (of) => of.flatMap((finding) => findingLines(finding, symbols)))
    : findings(plan, (of) => foldedFindingLines(of, names, symbols));
  return style.text([
    ...header(plan, look, kept),
    ...(look.verbose ? wholePhases(plan, page) : foldedPhases(plan, names, page)),
    ...hookLines(plan, look.columns),
    ...[...found, [], summary(plan)].flatMap((line) => wrapLine(line, look.columns)),
    ...(look.verbose ? [] : hint(plan, names, look.columns)),
  ]);
}

/** All that was found, as {@link renderPlan} folds it; what is refused apart. Without `columns`, no line is broken. */
export function renderFindings(
  plan: Plan,
  look: Look & { readonly columns?: number },
): { readonly refused: string; readonly others: string } {
  const style = createStyle(look);
  const names = ownNames(plan);
  const of = (severity: Finding['severity']): Line[] =>
    foldedFindingLines(
      plan.findings.filter((finding) => finding.severity === severity),
      names,
      style.symbols,
    );
  return {
    refused: style.text(of('refuse'), look.columns),
    others: style.text([...of('warn'), ...of('note')], look.columns),
  };
}

/** What a plan would do on one node, whole. Ends with a newline. */
export function renderNodePlan(plan: Plan, node: string, look: PlanLook, kept?: string): string {
  const style = createStyle(look);
  const { symbols } = style;
  const own = ofNode(plan, node);
  const found = findings(own, (of) => of.flatMap((finding) => findingLines(finding, symbols)));
  return style.text([
    ...header(plan, look, kept),
    ...wholePhases(own, { columns: look.columns, verbose: look.verbose, symbols }),
    ...[...found, [], summary(own)].flatMap((line) => wrapLine(line, look.columns)),
  ]);
}

/** The steps of one node with whole scripts, without colours, as lines that are not broken. */
export function nodeStepLines(plan: Plan, node: string): string[] {
  const style = createStyle({ color: false, unicode: true });
  const page = { columns: Infinity, verbose: true, symbols: style.symbols };
  return style
    .text(wholePhases(ofNode(plan, node), page))
    .trim()
    .split('\n');
}

/** The part of a plan that concerns one node: its steps, and the findings on it and on the cluster. */
function ofNode(plan: Plan, name: string): Plan {
  const phases = plan.phases.map((phase) => ({
    ...phase,
    steps: phase.steps.filter(({ node }) => node === name),
    ...(phase.always && { always: phase.always.filter(({ node }) => node === name) }),
  }));
  const concerns = ({ node }: Finding): boolean => node === undefined || node === name;
  return { ...plan, phases, findings: plan.findings.filter(concerns) };
}

function header(plan: Plan, { columns, verbose }: PlanLook, kept: string | undefined): Line[] {
  const takes = planTime(plan);
  const given = Object.entries(plan.inputs).filter(([, value]) => verbose || value !== '');
  const inputs = given.map(([name, value]) => `${name}=${valueText(value)}`);
  return [
    [
      { text: `Plan: ${plan.runbook.name} on ${plan.inventory.cluster}`, as: 'bold' },
      ...(plan.way ? [`, ${wayText(plan.way)}`] : []),
    ],
    ...field('runbook', `${plan.runbook.file}, inventory ${plan.inventory.file}`, columns),
    ...(inputs.length === 0 ? [] : field('inputs', inputs.join(' '), columns)),
    ...(plan.limit === undefined ? [] : field('limited to', plan.limit, columns)),
    ...(plan.window ? field('window', windowText(plan.window), columns) : []),
    ...field('nodes', `${plan.nodes.length}: ${machines(plan.nodes)}`, columns),
    ...(takes === undefined ? [] : field('takes', takes, columns)),
    ...(kept === undefined ? [] : field('from', kept, columns)),
    ...field('digest', plan.digest, columns),
  ];
}

function field(name: string, value: string, columns: number): Line[] {
  const label = `  ${name.padEnd(11)}`;
  return wrap(sanitize(value), columns - label.length).map((line, index): Line => [
    index === 0 ? { text: label, as: 'dim' } : ' '.repeat(label.length),
    line,
  ]);
}

/** Each node by itself. */
function wholePhases(plan: Plan, page: Page): Line[] {
  const nodes = new Map(plan.nodes.map((node) => [node.name, node]));
  const forecasts = forecastsOf(plan);
  return plan.phases.flatMap((phase) => {
    const steps = groupBy(phase.steps, ({ node }) => node);
    const always = groupBy(phase.always ?? [], ({ node }) => node);
    const order = phase.batches.flat().filter((name) => steps.has(name) || always.has(name));
    if (order.length === 0 && phase.batches.length > 0) return [];
    const whole = (of: ReadonlyMap<string, readonly PlanStep[]>, name: string): Line[] =>
      (of.get(name) ?? []).flatMap((step) => stepLines(step, forecasts.get(stepKey(name, step.id)) ?? [], page));
    return [
      [],
      phaseHead(phase, plan),
      ...paceLines(phase),
      ...order.flatMap((name): Line[] => {
        const node = nodes.get(name);
        const object = node?.object === undefined ? '' : `, Node object ${node.object}`;
        const about = node === undefined ? '' : `  ${node.host}, ${node.role}${object}`;
        return [
          [`  `, { text: name, as: 'bold' }, { text: about, as: 'dim' }],
          ...whole(steps, name),
          ...(always.has(name) ? [ALWAYS] : []),
          ...whole(always, name),
        ];
      }),
    ];
  });
}

const ALWAYS: Line = [{ text: '    always, after its steps:', as: 'dim' }];

/** Nodes with the same steps together. */
function foldedPhases(plan: Plan, names: OwnNames, page: Page): Line[] {
  const fold = new PlanFold(plan, names);
  return plan.phases.flatMap((phase) => {
    const order = phase.batches.flat();
    const lines = (steps: readonly PlanStep[]): Line[] =>
      fold.entries(phase, steps).flatMap((entry) => entryLines(entry, order.length, page));
    return [
      ...(whySkipped(phase) === undefined ? [[]] : []),
      ...phaseTitle(phase, plan, order, page.columns),
      ...paceLines(phase),
      ...lines(phase.steps),
      ...(phase.always ? [ALWAYS, ...lines(phase.always)] : []),
    ];
  });
}

/** A phase and its nodes: in one line where they fit. */
function phaseTitle(phase: PlanPhase, plan: Plan, order: readonly string[], columns: number): Line[] {
  const head = phaseHead(phase, plan);
  if (order.length === 0) return wrapLine(head, columns);
  const names = namesText(order);
  if (widthOfLine(head) + 2 + widthOf(names) <= columns) return [[...head, '  ', { text: names, as: 'bold' }]];
  return [head, ...wrap(names, columns - 2).map((text): Line => ['  ', { text, as: 'bold' }])];
}

function phaseHead(phase: PlanPhase, plan: Plan): Line {
  const skipped = whySkipped(phase);
  const nodes = phase.batches.flat().length;
  return [
    { text: `Phase ${phase.number}/${plan.phases.at(-1)?.number ?? 0} ${phase.name}`, as: 'bold' },
    {
      text:
        skipped === undefined
          ? `  ${count(nodes, 'node')}${paceText(phase)}${phaseTime(plan, phase)}${hopText(phase, plan)}`
          : `  skipped: ${skipped}`,
      as: 'dim',
    },
  ];
}

function findings(plan: Plan, lines: (of: readonly Finding[]) => Line[]): Line[] {
  const all = plan.findings.filter((finding) => !isBeside(finding));
  const of = (severity: Finding['severity']): Finding[] => all.filter((finding) => finding.severity === severity);
  const refused = of('refuse');
  const others = [...of('warn'), ...of('note')];
  return [
    ...(refused.length === 0
      ? []
      : [[], [{ text: `Refused: apply would stop here (${refused.length})`, as: 'bold' }] satisfies Line]),
    ...lines(refused).map((line): Line => ['  ', ...line]),
    ...(others.length === 0 ? [] : [[]]),
    ...lines(others),
  ];
}

/** What the page leaves to other commands, where it does. */
function hint(plan: Plan, names: OwnNames, columns: number): Line[] {
  if (plan.nodes.length < 2) return [];
  const text = `${names.node}: each node's own name. --node NAME: one node whole. -v: all, with scripts`;
  return wrap(text, columns).map((part): Line => [{ text: part, as: 'dim' }]);
}

function summary(plan: Plan): Line {
  const refused = plan.findings.filter((finding) => finding.severity === 'refuse').length;
  return [
    { text: summaryText(plan), as: 'bold' },
    ...(refused > 0 ? [{ text: `; refused by ${count(refused, 'finding')}`, as: ['bold', 'red'] } as const] : []),
  ];
}
