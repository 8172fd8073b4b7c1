import type { RunReport } from '../report-data.ts';
import { duration } from '../text.ts';
import { withExpected } from './expected.ts';
import { markup, type Markup } from './markup.ts';
import { countsText, knownTexts, stepAnchor } from './steps.ts';
import { endOf, lasted, outOfService, stamp, STANDING_WORDS } from './words.ts';

/** How a state is coloured; its word is beside it. */
const STATE_CLASS: Readonly<Record<string, string>> = {
  done: 'changed',
  failed: 'failed',
  died: 'failed',
  unknown: 'unknown',
};

export function header(report: RunReport): Markup {
  const { runbook, cluster, state, about, run, startedAt, lastAt, plan, way, inputs, limit } = report;
  const [started] = report.marks;
  const facts: (readonly [string, string])[] = [
    ['Run', run],
    ['Cluster', cluster],
    ['Runbook', `${runbook.name} (${runbook.file})`],
    ...(way ? [['Releases', [way.from, ...way.through].join(' → ')] as const] : []),
    ...(startedAt === undefined ? [] : [['Started', stamp(startedAt, report)] as const]),
    ...(started?.by === undefined ? [] : [['By', started.by] as const]),
    ...(lastAt === undefined ? [] : [[state === 'running' ? 'Last record' : 'Ended', stamp(lastAt, report)] as const]),
    [
      'Inputs',
      Object.entries(inputs)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(', ') || 'none',
    ],
    ...(limit === undefined ? [] : [['Only', limit] as const]),
    ['Plan', `made ${stamp(plan.createdAt, report)}, sha256 ${plan.digest}`],
  ];
  return markup`<header><p class="kind">Report of a run</p><h1>${runbook.name} on ${cluster} <span class="state ${STATE_CLASS[state] ?? 'other'}">${state}</span></h1>${about.map((text) => markup`<p class="about">${text}</p>`)}${tiles(report)}<dl class="facts">${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></header>`;
}

/** What one would be asked first. */
function tiles(report: RunReport): Markup {
  const { nodes, steps, startedAt, worked, expected, marks, overrides } = report;
  const end = endOf(report);
  const of = (kind: string): number => marks.filter((mark) => mark.kind === kind).length;
  const failures = steps.flatMap(({ spans }) => spans.filter(({ outcome }) => outcome === 'failed')).length;
  const open = steps.filter(({ outcome }) => outcome === 'failed').length;
  const longest = nodes
    .filter(({ outages }) => outages.length > 0 && outages.every(({ before }) => before !== true))
    .toSorted((a, b) => outOfService(b, report) - outOfService(a, report))[0];
  const out = nodes.filter(({ outages }) => outages.some(({ to, before }) => to === undefined && before !== true));
  const all: (readonly [name: string, value: string, more: string])[] = [
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
  return markup`<dl class="tiles">${all.map(([name, value, more]) => markup`<div><dt>${name}</dt><dd><b>${value}</b> ${more}</dd></div>`)}</dl>`;
}

/** Steps that failed or whose outcome is unknown, as they stand; what was resolved is in the history. */
export function attention(report: RunReport): Markup | undefined {
  const bad = report.steps.flatMap((step, index) =>
    step.outcome === 'failed' || step.outcome === 'unknown' ? [{ step, index }] : [],
  );
  if (bad.length === 0) return undefined;
  return markup`<section class="attention"><h2>Failed or unknown, and not resolved</h2><ul>${bad.map(
    ({ step, index }) =>
      markup`<li><a href="#${stepAnchor(index)}">${step.node}: ${step.step} ${step.title}</a> ${STANDING_WORDS[step.outcome]}: ${step.reason}${knownTexts(step.spans.at(-1)?.attempts.at(-1), report)}</li>`,
  )}</ul></section>`;
}

export function gaps({ gaps: found }: RunReport): Markup | undefined {
  if (found.length === 0) return undefined;
  return markup`<section><h2>Not in this report</h2><ul>${found.map((text) => markup`<li>${text}</li>`)}</ul></section>`;
}
