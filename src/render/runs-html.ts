import { roughly } from '../duration.ts';
import { stampText } from '../time-zone.ts';
import type { FleetStatus } from './fleet-status.ts';
import type { RunReport } from './report-data.ts';
import { type Markup, markup } from './report/markup.ts';
import { type Live, liveBar, pageOf } from './report/shell.ts';
import type { RunRow } from './run-row.ts';
import { count, listNames } from './text.ts';

/** A run that is known by its folder; why it cannot be read, where it cannot. */
export type ListedRun = { readonly run: string } & ({ readonly row: RunRow } | { readonly problem: string });

/** A saved plan that is shown beside the runs; why it cannot be read, where it cannot. */
export type ListedPlan = { readonly file: string } & ({ readonly report: RunReport } | { readonly problem: string });

/** A fleet run beside the runs; why it cannot be read, where it cannot. */
export type ListedFleet = { readonly run: string } & ({ readonly status: FleetStatus } | { readonly problem: string });

/** How a state is coloured; its word is there. */
const STATE_CLASS: Readonly<Record<string, string>> = {
  done: 'changed',
  failed: 'failed',
  died: 'failed',
  unknown: 'unknown',
  running: 'running',
  refused: 'failed',
  cancelled: 'failed',
};

/** The page with all runs of a state folder and the plans beside it, in the order given, each with a link to its own. */
export function renderRunsPage(
  {
    runs,
    plans = [],
    fleets = [],
  }: {
    readonly runs: readonly ListedRun[];
    readonly plans?: readonly ListedPlan[];
    readonly fleets?: readonly ListedFleet[];
  },
  { folder, zone }: { readonly folder: string; readonly zone: string },
  script: string,
  live: Live,
): string {
  const table =
    runs.length === 0
      ? markup`<p>No runs are known in this folder. A run appears here when it is started.</p>`
      : markup`<table class="list"><thead><tr>${['State', 'Run', 'Steps', 'Started', 'Runbook', 'Cluster', 'Nodes'].map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead><tbody>${runs.map((run) => line(run, zone))}</tbody></table>`;
  const body = markup`${liveBar(live, newsOf(runs))}<header><p class="kind">runbook</p><h1>Runs</h1><p class="about">In ${folder}, the newest first.</p></header><main>${planTable(plans)}${fleetTable(fleets, zone)}${plans.length + fleets.length === 0 ? undefined : markup`<h2>Runs</h2>`}${table}</main>`;
  return pageOf(`Runs in ${folder}`, body, script, live);
}

function planTable(plans: readonly ListedPlan[]): Markup | undefined {
  if (plans.length === 0) return undefined;
  const heads = ['State', 'Plan', 'Steps', 'Takes', 'Runbook', 'Cluster', 'Nodes'];
  const rows = plans.map((plan, index) => {
    const link = markup`<a href="plans/${index + 1}">${plan.file}</a>`;
    if ('problem' in plan)
      return markup`<tr id="p-${index + 1}"><td><span class="s failed">cannot be read</span></td><td data-l="Plan">${link}</td><td class="problem" colspan="5">${plan.problem}</td></tr>`;
    const { state, steps, startedAt = '', lastAt = '', runbook, cluster, nodes } = plan.report;
    const cells: (readonly [string, string])[] = [
      ['Steps', `${steps.filter(({ outcome }) => outcome === 'change').length} of ${steps.length} change something`],
      ['Takes', roughly(Date.parse(lastAt) - Date.parse(startedAt))],
      ['Runbook', runbook.name],
      ['Cluster', cluster],
      [
        'Nodes',
        listNames(
          nodes.map(({ name }) => name),
          3,
        ),
      ],
    ];
    return markup`<tr id="p-${index + 1}"><td><span class="s ${STATE_CLASS[state] ?? ''}">${state}</span></td><td data-l="Plan">${link}</td>${cells.map(([name, text]) => markup`<td data-l="${name}">${text}</td>`)}</tr>`;
  });
  return markup`<section><h2>Plans</h2><table class="list"><thead><tr>${heads.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></section>`;
}

function fleetTable(fleets: readonly ListedFleet[], zone: string): Markup | undefined {
  if (fleets.length === 0) return undefined;
  const heads = ['State', 'Fleet run', 'Clusters', 'Started', 'Runbook', 'Fleet'];
  const rows = fleets.map((listed) => {
    const link = markup`<a href="fleets/${listed.run}">${listed.run}</a>`;
    if ('problem' in listed)
      return markup`<tr id="f-${listed.run}"><td><span class="s failed">cannot be read</span></td><td data-l="Fleet run">${link}</td><td class="problem" colspan="4">${listed.problem}</td></tr>`;
    const { state, clusters, startedAt, runbook, fleet } = listed.status;
    const done = clusters.filter((one) => one.state === 'done' || one.state === 'settled').length;
    const cells: (readonly [string, string])[] = [
      ['Clusters', `${done} of ${clusters.length} done`],
      ['Started', stampText(Date.parse(startedAt), zone)],
      ['Runbook', runbook],
      ['Fleet', fleet],
    ];
    return markup`<tr id="f-${listed.run}"><td><span class="s ${STATE_CLASS[state] ?? ''}">${state}</span></td><td data-l="Fleet run">${link}</td>${cells.map(([name, text]) => markup`<td data-l="${name}">${text}</td>`)}</tr>`;
  });
  return markup`<section><h2>Fleets</h2><table class="list"><thead><tr>${heads.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></section>`;
}

function newsOf(runs: readonly ListedRun[]): string {
  const atWork = runs.filter((one) => 'row' in one && one.row.state === 'running').length;
  return `${count(runs.length, 'run')}, ${atWork} at work`;
}

function line(listed: ListedRun, zone: string): Markup {
  const link = markup`<a href="runs/${listed.run}">${listed.run}</a>`;
  if ('problem' in listed)
    return markup`<tr id="r-${listed.run}"><td><span class="s failed">cannot be read</span></td><td data-l="Run">${link}</td><td class="problem" colspan="5">${listed.problem}</td></tr>`;
  const { state, done, steps, startedAt, runbook, cluster, nodes } = listed.row;
  const cells: (readonly [string, string])[] = [
    ['Steps', `${done} of ${steps}`],
    ['Started', stampText(Date.parse(startedAt), zone)],
    ['Runbook', runbook],
    ['Cluster', cluster],
    ['Nodes', listNames(nodes, 3)],
  ];
  return markup`<tr id="r-${listed.run}"><td><span class="s ${STATE_CLASS[state] ?? ''}">${state}</span></td><td data-l="Run">${link}</td>${cells.map(([name, text]) => markup`<td data-l="${name}">${text}</td>`)}</tr>`;
}

/** In place of the page of a run that cannot be read. */
export function renderProblemPage(run: string, problem: readonly string[], script: string, live: Live): string {
  const body = markup`${liveBar(live, 'This run cannot be read')}<header><p class="kind">Report of a run</p><h1>${run}</h1></header><main><section class="attention"><h2>This run cannot be read</h2><ul>${problem.map((text) => markup`<li>${text}</li>`)}</ul></section></main>`;
  return pageOf(`${run}: cannot be read`, body, script, live);
}
