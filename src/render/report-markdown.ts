import { isBad } from '../event.ts';
import { escapeMarkdown as escape, fenced, table } from './markdown.ts';
import type { ReportStep, RunReport } from './report-data.ts';
import { hasExpected, timesByKind, withExpected, workText } from './report/expected.ts';
import {
  attemptEnd,
  endOf,
  knownOf,
  lasted,
  MARK_WORDS,
  outageText,
  stamp,
  STANDING_WORDS,
  versionTexts,
} from './report/words.ts';
import { groupBy } from './group.ts';
import { count, duration } from './text.ts';

/** Lines of output shown of a step that failed. */
const TAIL = 20;
/** Kinds of step whose estimate is compared. */
const KINDS = 10;

/** For a ticket: what was done, by whom, with which result, and what needs someone. Ends with a newline. */
export function renderMarkdown(report: RunReport): string {
  const parts = [head, nodes, phases, failures, overrides, estimates, history, findings, gaps];
  return `${parts
    .map((part) => part(report))
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

function head(report: RunReport): string {
  const { runbook, cluster, run, state, about, startedAt, lastAt, counts, plan, way, inputs, worked, expected } =
    report;
  const outcomes = Object.entries(counts).filter(([, amount]) => amount > 0);
  const total = startedAt === undefined ? '' : duration(lasted(startedAt, undefined, lastAt));
  const rows = [
    ['State', [state, ...about].join('; ')],
    ['Run', run],
    ...(startedAt === undefined ? [] : [['Started', stamp(startedAt, report)]]),
    ...(lastAt === undefined ? [] : [['Last record', `${stamp(lastAt, report)}, after ${total}`]]),
    ...(expected === undefined ? [] : [['At work', atWork(worked, expected)]]),
    ...(way ? [['Releases', [way.from, ...way.through].join(' → ')]] : []),
    ['Steps', outcomes.map(([name, amount]) => `${amount} ${name.replace('-', ' ')}`).join(', ')],
    [
      'Inputs',
      Object.entries(inputs)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(', ') || 'none',
    ],
    ['Plan digest', plan.digest],
  ];
  const title = `# ${report.kind === 'rehearsal' ? 'Rehearsal: ' : ''}${escape(runbook.name)} on ${escape(cluster)}: ${escape(state)}`;
  const mark = report.kind === 'rehearsal' ? ['**On a simulated twin: no node was changed.**'] : [];
  return [title, ...mark, table(['', ''], rows)].join('\n\n');
}

function atWork(worked: number, { takes, kinds, measured }: NonNullable<RunReport['expected']>): string {
  const source =
    measured === 0 ? 'not measured before' : `${measured} of ${count(kinds, 'kind')} of step measured before`;
  return `${withExpected(duration(worked), takes)} (${source})`;
}

function nodes(report: RunReport): string {
  const byNode = groupBy(report.steps, ({ node }) => node);
  const rows = report.nodes.map((node) => [
    node.name,
    node.role,
    versionTexts(node.before, node.after).join(', ') || 'not known',
    outageText(node, report) || 'never',
    ...(hasExpected(report) ? [workText(byNode.get(node.name) ?? [], node.expected, report)] : []),
    node.leftOut === undefined ? (node.cordoned ? 'cordoned' : '') : `left out: ${node.leftOut}`,
  ]);
  const work = hasExpected(report) ? ['Time at work'] : [];
  return `## Nodes\n\n${table(['Node', 'Role', 'Versions', 'Out of service', ...work, 'Now'], rows)}`;
}

function phases(report: RunReport): string {
  const rows = report.phases.map((phase) => {
    const took = phase.from === undefined ? '' : duration(lasted(phase.from, phase.to, endOf(report)));
    const own = report.steps.filter((step) => step.phase === phase.number);
    const outcomes = Object.entries(tally(own));
    return [
      `${phase.number}`,
      phase.hop === undefined ? phase.name : `${phase.name} (to ${phase.hop})`,
      phase.from === undefined ? '' : stamp(phase.from, report),
      withExpected(took, phase.expected),
      phase.skipped === undefined
        ? outcomes.map(([name, n]) => `${n} ${name}`).join(', ')
        : `skipped: ${phase.skipped}`,
    ];
  });
  return `## Phases\n\n${table(['', 'Phase', 'Started', 'Took', 'Steps'], rows)}`;
}

function tally(steps: readonly ReportStep[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { outcome } of steps) found[STANDING_WORDS[outcome]] = (found[STANDING_WORDS[outcome]] ?? 0) + 1;
  return found;
}

/** Each failure, also one that a later attempt made good. */
function failures(report: RunReport): string {
  const parts = report.steps.flatMap((step) =>
    step.spans
      .filter(({ outcome }) => isBad(outcome))
      .map((span) => {
        const last = span.attempts.at(-1);
        const lines = last?.output === undefined ? [] : (report.texts[last.output] ?? '').split('\n');
        const now = step.outcome === span.outcome ? '' : ` Later: ${STANDING_WORDS[step.outcome]}.`;
        return [
          `### ${escape(step.node)}: ${escape(step.title)} (${escape(step.step)})`,
          `${span.outcome ?? ''} at ${stamp(span.to ?? span.from, report)}: ${escape(span.reason)}.${now}`,
          fenced([
            ...step.commands.map((index) => `$ ${report.texts[index] ?? ''}`),
            ...(lines.length > TAIL ? [`[${count(lines.length - TAIL, 'line')} left out]`] : []),
            ...lines.slice(-TAIL),
            ...(last ? [`[attempt ${last.attempt}: ${attemptEnd(last)}]`] : []),
          ]),
          ...(last ? knownOf(last, report) : []).map(
            ({ id, meaning, remedy }) => `Known: **${escape(id)}**: ${escape(meaning)} Do: ${escape(remedy)}`,
          ),
        ].join('\n\n');
      }),
  );
  return parts.length === 0 ? '' : ['## Failures', ...parts].join('\n\n');
}

function overrides(report: RunReport): string {
  if (report.overrides.length === 0) return '';
  const rows = report.overrides.map(({ guard, node, reason, by, at }) => [
    guard,
    node ?? 'everywhere',
    reason,
    by ?? '',
    at === undefined ? '' : stamp(at, report),
  ]);
  return `## Overridden guards\n\n${table(['Guard', 'Where', 'Reason', 'By', 'When'], rows)}`;
}

function estimates(report: RunReport): string {
  const kinds = timesByKind(report);
  if (kinds.length === 0) return '';
  const rows = kinds
    .slice(0, KINDS)
    .map(({ step, nodes: own, expected, real }) => [step.step, `${own}`, duration(expected), duration(real)]);
  const about = 'Of the steps that ended, in all, those furthest from their estimate first.';
  const more = kinds.length > KINDS ? `\n\n${count(kinds.length - KINDS, 'kind')} of step left out.` : '';
  return `## Estimated and real time\n\n${about}\n\n${table(['Step', 'Nodes', 'Estimated', 'Real'], rows)}${more}`;
}

function history(report: RunReport): string {
  if (report.marks.length === 0) return '';
  const rows = report.marks.map(({ at, kind, node, step, by, text }) => [
    stamp(at, report),
    MARK_WORDS[kind],
    [node, step].filter((part) => part !== undefined).join(' '),
    by ?? '',
    text,
  ]);
  return `## What happened\n\n${table(['When', 'What', 'Where', 'By', ''], rows)}`;
}

function findings({ findings: found }: RunReport): string {
  if (found.length === 0) return '';
  const rows = found.map(({ severity, guard, node, step, summary, remedy, overridden }) => [
    overridden === undefined ? severity : `${severity}, overridden: ${overridden}`,
    guard,
    [node, step].filter((part) => part !== undefined).join(' '),
    remedy === '' ? summary : `${summary} Do: ${remedy}`,
  ]);
  return `## Findings of the guards before the run\n\n${table(['', 'Guard', 'Where', ''], rows)}`;
}

function gaps({ gaps: found }: RunReport): string {
  return found.length === 0 ? '' : `## Not in this report\n\n${found.map((text) => `- ${escape(text)}`).join('\n')}`;
}
