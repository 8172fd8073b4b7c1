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
import { type Entry, isBeside, PlanFold } from './plan-fold.ts';
import { hookLines } from './plan-hooks.ts';
import { type OwnNames, ownNames } from './plan-names.ts';
import { disruptionsOf, nodesText, versionsText } from './plan-question.ts';
import { partsOf, plainBlock, predictedWord } from './plan-step.ts';
import { planDuration } from './plan-time.ts';
import { hopText, machines, paceText, summaryText, valueText, wayText } from './plan-words.ts';
import { headerOf, paragraphOf } from './runbook-header.ts';
import { createStyle, type Line } from './style.ts';
import { count, escapeControls } from './text.ts';

/** What a change request has beside the plan. */
interface Request {
  /** Releases of the cluster's kubelets and API servers as read before; empty where no one asked. */
  readonly from: readonly string[];
  /** The command that runs this plan and no other. */
  readonly apply: string;
  /** Further sections, before the steps. */
  readonly sections?: readonly string[];
}

/** A plan as a change request: what is done where and in which order, what may go wrong, how to go back. */
export function renderPlanMarkdown(plan: Plan, { from, apply, sections = [] }: Request): string {
  const due = stepsOfPlan(plan).filter(({ predicted }) => predicted.outcome === 'change');
  const names = ownNames(plan);
  const parts = [
    head(plan, due, from),
    ...sections,
    risks(plan, due),
    findings(plan, names),
    overrides(plan),
    order(plan),
    steps(plan, names),
    rollback(plan, due),
    `## Run it\n\n${fenced(apply.split('\n').map(escapeControls))}\n\nIt runs this plan and no other: it refuses where anything that decides the plan has changed since.`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function head(plan: Plan, due: readonly PlanStep[], from: readonly string[]): string {
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
    ['Plan digest', digest],
  ];
  return `# Change: ${escape(runbook.name)} on ${escape(inventory.cluster)}\n\n${table(['', ''], rows)}`;
}

function risks(plan: Plan, due: readonly PlanStep[]): string {
  const { drains, reboots, restarts } = disruptionsOf(plan, due);
  const on = (of: readonly PlanStep[]): string => namesText([...new Set(of.map(({ node }) => node))]);
  const controlPlanes = plan.nodes.filter(({ role }) => role === 'control-plane').length;
  const alone = controlPlanes === 1 ? '; it is the only one of this plan' : '';
  const lines = [
    ...(drains.length === 0 ? [] : [`${count(drains.length, 'drain')}, pods move: ${on(drains)}`]),
    ...(reboots.length === 0 ? [] : [`${count(reboots.length, 'reboot')}: ${on(reboots)}`]),
    ...(restarts.length === 0
      ? []
      : [`${count(restarts.length, 'restart')} of an API server: ${on(restarts)}${alone}`]),
  ];
  const none = 'No drain, no reboot, no restart of an API server.';
  return `## Risks\n\n${lines.length === 0 ? none : list(lines)}`;
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

/** Only what is there: what the runbook's header says, what a stopped run offers, and a snapshot of etcd. */
function rollback(plan: Plan, due: readonly PlanStep[]): string {
  const said = paragraphOf(headerOf(plan.runbook.text), 'Back');
  const snapshots = due.filter(({ action }) => action === 'etcd-snapshot');
  const touchesApi = disruptionsOf(plan, due).restarts.length > 0;
  const lines = [
    'Where a step fails and its phase allows no more failures, the run stops after the batch. `runbook resume` continues it once the cause is fixed.',
    '`runbook close RUN` ends a run that will not be finished: it undoes its own cordons and holds, and names what it leaves.',
    ...snapshots.map(
      ({ id, with: options }) =>
        `Step ${escape(id)} takes a snapshot of etcd into ${escape(valueText(options['dest']))} on the machine that runs this.`,
    ),
    ...(snapshots.length > 0
      ? [
          '`runbook apply etcd-restore.yaml --set snapshot=FILE.db` restores it (`etcd-restore-external.yaml` where etcd is a unit of systemd): what was written to the API after it is lost.',
        ]
      : []),
    ...(snapshots.length === 0 && touchesApi
      ? ['The plan takes no snapshot of etcd. `runbook apply backup.yaml --set dest=DIR` takes one before.']
      : []),
  ];
  return `## Rollback\n\n${said === undefined ? '' : `The runbook: ${escape(said)}\n\n`}${list(lines, true)}`;
}

function list(lines: readonly string[], isMarkdown = false): string {
  return lines.map((line) => `- ${isMarkdown ? line : escape(line)}`).join('\n');
}

function plain(lines: readonly Line[]): string[] {
  const style = createStyle({ color: false, unicode: true });
  return lines.map((one) => style.line(one).replace(/^ {2}/, ''));
}
