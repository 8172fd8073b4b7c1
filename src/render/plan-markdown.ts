import type { Finding } from '../event.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { batchTimes, takesOf, timesByNode } from '../plan/estimate.ts';
import { windowText } from '../plan/pace.ts';
import { type Plan, type PlanPhase, type PlanStep, whySkipped } from '../plan/plan.ts';
import { roughly } from '../duration.ts';
import { type FoldedFinding, foldFindings } from './fold-findings.ts';
import { namesText } from './fold-names.ts';
import { escapeMarkdown as escape, fenced, folded, table } from './markdown.ts';
import { paceLines } from './pace.ts';
import { NO_RISK, riskTexts, rollbackTexts, saidOfRollback } from './plan-change.ts';
import { type Entry, isBeside, PlanFold } from './plan-fold.ts';
import { hookLines } from './plan-hooks.ts';
import { type OwnNames, ownNames } from './plan-names.ts';
import { nodesText, versionsText } from './plan-question.ts';
import { nodeStepLines } from './plan.ts';
import { partsOf, plainBlock, predictedWord } from './plan-step.ts';
import { planDuration } from './plan-time.ts';
import { hopText, machines, paceText, summaryText, valueText, wayText } from './plan-words.ts';
import { createStyle, type Line } from './style.ts';
import { escapeControls } from './text.ts';

/** What a change request has beside the plan. */
interface Request {
  /** Releases of the cluster's kubelets and API servers as read before; empty where no one asked. */
  readonly from: readonly string[];
  /** The command that runs this plan and no other. */
  readonly apply: string;
  /** The facts file that it is made from. */
  readonly kept?: string;
  /** Further sections, before the steps. */
  readonly sections?: readonly string[];
  /** Each node by itself with whole scripts, too. */
  readonly verbose?: boolean;
}

/** A plan as a change request: what is done where and in which order, what may go wrong, how to go back. */
export function renderPlanMarkdown(plan: Plan, { from, apply, kept, sections = [], verbose = false }: Request): string {
  const due = stepsOfPlan(plan).filter(({ predicted }) => predicted.outcome === 'change');
  const names = ownNames(plan);
  const parts = [
    head(plan, due, from, kept),
    ...sections,
    risks(plan, due),
    findings(plan, names),
    overrides(plan),
    order(plan),
    steps(plan, names),
    ...(verbose ? [wholeNodes(plan)] : []),
    rollback(plan, due),
    `## Run it\n\n${fenced(apply.split('\n').map(escapeControls))}\n\nIt runs this plan and no other: it refuses where anything that decides the plan has changed since.`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function head(plan: Plan, due: readonly PlanStep[], from: readonly string[], kept: string | undefined): string {
  const { runbook, inventory, inputs, limit, window, nodes, digest, way } = plan;
  const versions = way ? wayText(way) : versionsText(plan, due, from);
  const roles = new Map(nodes.map(({ name, role }) => [name, role]));
  const takes = planDuration(plan);
  const given = Object.entries(inputs).filter(([, value]) => value !== '');
  const rows = [
    ['Cluster', inventory.cluster],
    ...(versions === '' ? [] : [['Releases', versions]]),
    ['Runbook', `${runbook.file} (sha256 ${runbook.digest})`],
    ['Inventory', `${inventory.file} (sha256 ${inventory.digest})`],
    ...(given.length === 0 ? [] : [['Inputs', given.map(([key, value]) => `${key}=${valueText(value)}`).join(' ')]]),
    ...(limit === undefined ? [] : [['Limited to', limit]]),
    ...(window ? [['Window', windowText(window)]] : []),
    ['Nodes', `${nodes.length}: ${machines(nodes)}`],
    ['Changes', nodesText(due, roles)],
    ['Steps', summaryText(plan)],
    ...(takes === undefined ? [] : [['Takes', takes]]),
    ['Planned', plan.createdAt],
    ...(kept === undefined ? [] : [['From', kept]]),
    ['Plan digest', digest],
  ];
  return `# Change: ${escape(runbook.name)} on ${escape(inventory.cluster)}\n\n${table(['', ''], rows)}`;
}

function risks(plan: Plan, due: readonly PlanStep[]): string {
  const lines = riskTexts(plan, due);
  return `## Risks\n\n${lines.length === 0 ? NO_RISK : list(lines)}`;
}

const SEVERITIES = [
  ['refuse', 'Refused: apply would stop here'],
  ['warn', 'Warnings'],
  ['note', 'Notes'],
] as const;

function findings(plan: Plan, names: OwnNames): string {
  const all = plan.findings.filter((finding) => !isBeside(finding));
  const parts = SEVERITIES.flatMap(([severity, title]) => {
    const own = all.filter((finding) => finding.severity === severity);
    return own.length === 0 ? [] : [`### ${title}\n\n${findingList(own, names)}`];
  });
  return ['## Findings of the guards', ...(parts.length === 0 ? ['None.'] : parts)].join('\n\n');
}

/** Findings as a list, those that say the same of several nodes once. */
export function findingList(findings: readonly Finding[], names: OwnNames): string {
  return foldFindings(findings, names).map(findingText).join('\n');
}

function findingText({ summaries, guard, overridden, remedy, source }: FoldedFinding): string {
  return [
    ...summaries.flatMap(({ place, text, values }) => [
      `- ${place === '' ? '' : `**${escape(place)}:** `}${escape(text)} (${escape(guard)})`,
      ...values.map((value) => `  - ${escape(value)}`),
    ]),
    ...(overridden === undefined ? [] : [`  - **overridden:** ${escape(overridden)}`]),
    ...(remedy === '' ? [] : [`  - do: ${escape(remedy)}`]),
    `  - rule: ${escape(source)}`,
  ].join('\n');
}

function overrides({ overrides: all = [] }: Plan): string {
  if (all.length === 0) return '';
  const rows = all.map(({ guard, node, reason }) => [guard, node ?? 'everywhere', reason]);
  return `## Overridden guards\n\n${table(['Guard', 'Where', 'Reason'], rows)}`;
}

/** Nodes in the order of work: phases one after the other, within a phase its batches. */
function order(plan: Plan): string {
  const takes = takesOf(plan, new Map());
  const rows = plan.phases.map((phase) => {
    const skipped = whySkipped(phase);
    const isOneByOne = phase.batches.every((batch) => batch.length === 1);
    const nodes = isOneByOne
      ? namesText(phase.batches.flat())
      : phase.batches.map((batch) => namesText(batch)).join(', then ');
    const sum = batchTimes(phase, timesByNode(phase, takes)).reduce((total, time) => total + time, 0);
    return [
      String(phase.number),
      titleOf(phase, plan),
      skipped === undefined ? `${nodes}${paceText(phase)}` : `skipped: ${skipped}`,
      sum === 0 || plan.expected === undefined ? '' : roughly(sum),
    ];
  });
  return `## Nodes in order\n\n${table(['', 'Phase', 'Nodes', 'Takes'], rows)}`;
}

function titleOf(phase: PlanPhase, plan: Plan): string {
  return `${phase.name}${hopText(phase, plan)}`;
}

function steps(plan: Plan, names: OwnNames): string {
  const fold = new PlanFold(plan, names);
  const phases = plan.phases
    .filter((phase) => whySkipped(phase) === undefined)
    .map((phase) => {
      const all = phase.batches.flat().length;
      const entries = (of: readonly PlanStep[]): string[] =>
        fold.entries(phase, of).map((entry) => entryText(entry, all));
      const pace = plain(paceLines(phase));
      return [
        `### Phase ${phase.number}: ${escape(titleOf(phase, plan))}`,
        ...(pace.length === 0 ? [] : [fenced(pace)]),
        ...entries(phase.steps),
        ...(phase.always ? ['Always, after its steps:', ...entries(phase.always)] : []),
      ].join('\n\n');
    });
  const hooks = plain(hookLines(plan, Infinity)).slice(1);
  return [
    '## Steps',
    `Each step once for all nodes that have it alike; ${escape(names.node)} is each node's own name.`,
    ...phases,
    ...(hooks.length === 0 ? [] : [folded('hooks', 'After the end of the run', hooks)]),
  ].join('\n\n');
}

function wholeNodes(plan: Plan): string {
  const nodes = plan.nodes.map(({ name }) =>
    folded(name, 'every step with its whole script', nodeStepLines(plan, name)),
  );
  return ['## Each node', ...nodes].join('\n\n');
}

/** A step with its commands folded; what a drain moves is not folded. */
function entryText(entry: Entry, all: number): string {
  const { reason, lines } = partsOf(entry);
  const isForecast = ({ kind }: Entry['lines'][number]): boolean => kind === 'forecast' || kind === 'policy';
  const on = entry.nodes.length < all ? ` on ${namesText(entry.nodes)}` : '';
  const word = predictedWord(entry.outcome);
  const title = `${entry.name}${on}${reason === '' ? '' : `: ${reason}`}`;
  const hidden = plainBlock(
    lines.filter((line) => !isForecast(line)),
    entry,
  );
  const forecast = plainBlock(lines.filter(isForecast), entry).map((line) => {
    const text = line.trimStart();
    return `${' '.repeat(line.length - text.length)}- ${escape(text)}`;
  });
  return [
    hidden.length === 0 ? `**${word}** ${escape(title)}` : folded(word, title, hidden),
    ...(forecast.length === 0 ? [] : [forecast.join('\n')]),
  ].join('\n\n');
}

function rollback(plan: Plan, due: readonly PlanStep[]): string {
  const said = saidOfRollback(plan);
  return `## Rollback\n\n${said === undefined ? '' : `The runbook: ${escape(said)}\n\n`}${list(rollbackTexts(plan, due))}`;
}

/** What is in backticks is code, and stays as it is. */
function list(lines: readonly string[]): string {
  return lines
    .map((line) => line.split(/(`[^`]*`)/).map((part, index) => (index % 2 === 1 ? part : escape(part))))
    .map((parts) => `- ${parts.join('')}`)
    .join('\n');
}

function plain(lines: readonly Line[]): string[] {
  const style = createStyle({ color: false, unicode: true });
  return lines.map((one) => style.line(one).replace(/^ {2}/, ''));
}
