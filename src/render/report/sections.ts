import type { RunReport } from '../report-data.ts';
import { count, duration } from '../text.ts';
import { withExpected } from './expected.ts';
import { markup, type Markup } from './markup.ts';
import { countsText, knownTexts, stepAnchor } from './steps.ts';
import { dateOf, endOf, lasted, outOfService, stamp, STANDING_WORDS } from './words.ts';

/** How a state is coloured; its word is beside it. */
const STATE_CLASS: Readonly<Record<string, string>> = {
  done: 'changed',
  failed: 'failed',
  died: 'failed',
  unknown: 'unknown',
  refused: 'failed',
  planned: 'running',
};

const KIND_WORDS = {
  run: 'Report of a run',
  plan: 'Plan of a run',
  rehearsal: 'Rehearsal on a simulated twin: no node was changed',
} as const;

export function header(report: RunReport): Markup {
  const { runbook, cluster, state, about, run, startedAt, lastAt, plan, way, inputs, limit } = report;
  const isPlan = report.kind === 'plan';
  const isRehearsal = report.kind === 'rehearsal';
  const simulated = isRehearsal ? ' (simulated)' : '';
  const [started] = report.marks;
  const facts: (readonly [string, string])[] = [
    ...(run === '' || isRehearsal ? [] : [['Run', run] as const]),
    ['Cluster', cluster],
    ['Runbook', `${runbook.name} (${runbook.file})`],
    ...(way ? [['Releases', [way.from, ...way.through].join(' → ')] as const] : []),
    ...(startedAt === undefined || isPlan ? [] : [['Started', `${stamp(startedAt, report)}${simulated}`] as const]),
    ...(started?.by === undefined || isPlan ? [] : [['By', started.by] as const]),
    ...(lastAt === undefined || isPlan
      ? []
      : [[state === 'running' ? 'Last record' : 'Ended', `${stamp(lastAt, report)}${simulated}`] as const]),
    [
      'Inputs',
      Object.entries(inputs)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(', ') || 'none',
    ],
    ...(limit === undefined ? [] : [['Only', limit] as const]),
    ['Plan', `made ${dateOf(plan.createdAt, report)}, sha256 ${plan.digest}`],
  ];
  return markup`<header><p class="kind">${KIND_WORDS[report.kind ?? 'run']}</p><h1>${isRehearsal ? 'Rehearsal: ' : ''}${runbook.name} on ${cluster} <span class="state ${STATE_CLASS[state] ?? 'other'}">${state}</span></h1>${about.map((text) => markup`<p class="about">${text}</p>`)}${isPlan ? planTiles(report) : tiles(report)}<dl class="facts">${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></header>`;
}

/** What one would be asked first. */
function tiles(report: RunReport): Markup {
  const { nodes, steps, startedAt, worked, expected, marks, overrides } = report;
  const end = endOf(report);
  const of = (kind: string): number => marks.filter((mark) => mark.kind === kind).length;
  const failures = steps.flatMap(({ spans }) => spans.filter(({ outcome }) => outcome === 'failed')).length;
  const open = steps.filter(({ outcome }) => outcome === 'failed').length;
  const longest = longestOut(report);
  const out = nodes.filter(({ outages }) => outages.some(({ to, before }) => to === undefined && before !== true));
  const all: Tile[] = [
    ['Nodes', String(nodes.length), out.length === 0 ? 'none is out of service' : `${out.length} out of service`],
    ['Steps', String(steps.length), countsText(steps)],
    ...(startedAt === undefined || end === undefined
      ? []
      : [
          [
            'Time',
            duration(lasted(startedAt, undefined, end)),
            withExpected(`${duration(worked)} at work`, expected?.takes),
          ] as const,
        ]),
    ...(longest ? [['Longest out of service', duration(outOfService(longest, report)), longest.name] as const] : []),
    [
      'Failures',
      String(failures),
      failures === 0 ? 'no step failed' : open === 0 ? 'all resolved since' : `${open} not resolved`,
    ],
    [
      'Resumed',
      String(of('resumed') + of('taken-over')),
      of('taken-over') === 0 ? 'never taken over' : `${of('taken-over')} by a takeover`,
    ],
    [
      'Guards overridden',
      String(overrides.length),
      overrides.length === 0 ? 'every guard held' : 'with a reason, see below',
    ],
  ];
  return tileList(all);
}

type Tile = readonly [name: string, value: string, more: string];

function tileList(all: readonly Tile[]): Markup {
  return markup`<dl class="tiles">${all.map(([name, value, more]) => markup`<div><dt>${name}</dt><dd><b>${value}</b> ${more}</dd></div>`)}</dl>`;
}

/** What one who approves a plan asks first. */
function planTiles(report: RunReport): Markup {
  const { nodes, steps, startedAt, expected, marks, overrides, findings } = report;
  const end = endOf(report);
  const of = (severity: string): number => findings.filter((one) => one.severity === severity).length;
  const longest = longestOut(report);
  const source =
    expected === undefined || expected.measured === 0
      ? 'expected; not measured here before'
      : `expected; ${expected.measured} of ${expected.kinds} kinds of step measured before`;
  return tileList([
    ['Nodes', String(nodes.length), countOut(nodes)],
    ['Steps', String(steps.length), countsText(steps)],
    ...(startedAt === undefined || end === undefined
      ? []
      : [['Time', duration(lasted(startedAt, undefined, end)), source] as const]),
    ...(longest ? [['Longest out of service', duration(outOfService(longest, report)), longest.name] as const] : []),
    ['Refusals', String(of('refuse')), of('refuse') === 0 ? 'no guard refuses' : 'apply would stop here'],
    ['Warnings', String(of('warn')), `and ${count(of('note'), 'note')}`],
    ['Guards overridden', String(overrides.length), overrides.length === 0 ? 'none' : 'with a reason, see below'],
    ...(marks.length === 0 ? [] : [['Questions', String(marks.length), 'the run waits for a person'] as const]),
  ]);
}

function countOut(nodes: RunReport['nodes']): string {
  const out = nodes.filter(({ outages }) => outages.some(({ before }) => before !== true)).length;
  return out === 0 ? 'none goes out of service' : `${out} out of service for a time`;
}

function longestOut(report: RunReport): RunReport['nodes'][number] | undefined {
  return report.nodes
    .filter(({ outages }) => outages.length > 0 && outages.every(({ before }) => before !== true))
    .toSorted((a, b) => outOfService(b, report) - outOfService(a, report))[0];
}

/** Steps that failed or whose outcome is unknown, as they stand; what was resolved is in the history. */
export function attention(report: RunReport): Markup | undefined {
  if (report.kind === 'plan') return refusals(report);
  const bad = report.steps.flatMap((step, index) =>
    step.outcome === 'failed' || step.outcome === 'unknown' ? [{ step, index }] : [],
  );
  if (bad.length === 0) return undefined;
  return markup`<section class="attention"><h2>Failed or unknown, and not resolved</h2><ul>${bad.map(
    ({ step, index }) =>
      markup`<li><a href="#${stepAnchor(index)}">${step.node}: ${step.step} ${step.title}</a> ${STANDING_WORDS[step.outcome]}: ${step.reason}${knownTexts(step.spans.at(-1)?.attempts.at(-1), report)}</li>`,
  )}</ul></section>`;
}

function refusals({ findings }: RunReport): Markup | undefined {
  const refused = findings.filter(({ severity }) => severity === 'refuse');
  if (refused.length === 0) return undefined;
  return markup`<section class="attention"><h2>Refused: apply would stop here</h2><ul>${refused.map(
    ({ node, step, summary, remedy }) =>
      markup`<li>${[node, step].filter((part) => part !== undefined).join(' ')}: ${summary}${remedy === '' ? undefined : markup`<p>${remedy}</p>`}</li>`,
  )}</ul></section>`;
}

/** What a change request says besides: what may go wrong, how to go back, and the command. */
export function request({ request: made }: RunReport): Markup | undefined {
  if (!made) return undefined;
  const list = (texts: readonly string[]): Markup =>
    markup`<ul>${texts.map((text) => markup`<li>${withCode(text)}</li>`)}</ul>`;
  return markup`<section id="request"><h2>Risks</h2>${list(made.risks)}<h2>Rollback</h2>${list(made.rollback)}<h2>Run it</h2><pre class="c">${made.apply}</pre><p>It runs this plan and no other: it refuses where anything that decides the plan has changed since.</p></section>`;
}

/** What is in backticks is a command. */
function withCode(text: string): Markup {
  return markup`${text.split(/`([^`]*)`/).map((part, index) => (index % 2 === 1 ? markup`<code>${part}</code>` : markup`${part}`))}`;
}

export function gaps({ gaps: found }: RunReport): Markup | undefined {
  if (found.length === 0) return undefined;
  return markup`<section><h2>Not in this report</h2><ul>${found.map((text) => markup`<li>${text}</li>`)}</ul></section>`;
}
