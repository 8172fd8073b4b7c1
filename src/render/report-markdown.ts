import type { ReportStep, RunReport } from './report-data.ts';
import {
  attemptEnd,
  endOf,
  lasted,
  MARK_WORDS,
  outageText,
  stamp,
  STANDING_WORDS,
  versionTexts,
} from './report/words.ts';
import { count, duration } from './text.ts';

/** Lines of output shown of a step that failed. */
const TAIL = 20;

/** For a ticket: what was done, by whom, with which result, and what needs someone. Ends with a newline. */
export function renderMarkdown(report: RunReport): string {
  const sections = [head(report), nodes(report), phases(report), failures(report), overrides(report), history(report)];
  return `${[...sections, findings(report), gaps(report)].filter((part) => part !== '').join('\n\n')}\n`;
}

function head(report: RunReport): string {
  const { runbook, cluster, run, state, about, startedAt, lastAt, counts, plan, way, inputs } = report;
  const outcomes = Object.entries(counts).filter(([, amount]) => amount > 0);
  const total = startedAt === undefined ? '' : duration(lasted(startedAt, undefined, lastAt));
  const rows = [
    ['State', [state, ...about].join('; ')],
    ['Run', run],
    ...(startedAt === undefined ? [] : [['Started', stamp(startedAt, report)]]),
    ...(lastAt === undefined ? [] : [['Last record', `${stamp(lastAt, report)}, after ${total}`]]),
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
  return [`# ${escape(runbook.name)} on ${escape(cluster)}: ${escape(state)}`, table(['', ''], rows)].join('\n\n');
}

function nodes(report: RunReport): string {
  const rows = report.nodes.map((node) => [
    node.name,
    node.role,
    versionTexts(node.before, node.after).join(', ') || 'not known',
    outageText(node, report) || 'never',
    node.leftOut === undefined ? (node.cordoned ? 'cordoned' : '') : `left out: ${node.leftOut}`,
  ]);
  return `## Nodes\n\n${table(['Node', 'Role', 'Versions', 'Out of service', 'Now'], rows)}`;
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
      took,
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
      .filter(({ outcome }) => outcome === 'failed' || outcome === 'unknown')
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

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map((row) => line(row.map(escape)))].join('\n');
}

/** The text as it is: no markup, no HTML, one line. */
function escape(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|~&]/g, '\\$&').replaceAll(/[\r\n]+/g, ' ');
}

/** In a fence that is longer than any in the text. */
function fenced(lines: readonly string[]): string {
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
