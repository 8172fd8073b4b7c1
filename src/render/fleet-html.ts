import { stampText } from '../time-zone.ts';
import type { FleetStatus } from './fleet-status.ts';
import { type Markup, markup } from './report/markup.ts';
import { type Live, liveBar, pageOf } from './report/shell.ts';
import { count, duration } from './text.ts';

/** How a state is coloured; its word is there. */
const STATE_CLASS: Readonly<Record<string, string>> = {
  done: 'changed',
  over: 'changed',
  failed: 'failed',
  died: 'failed',
  cancelled: 'failed',
  running: 'running',
  'at work': 'running',
  settled: 'skipped',
};

/**
 * The page of a fleet run, which needs nothing else.
 * @param linkOf the address of the report of a run; undefined: there is none
 * @param served by `runbook serve`, which it follows; undefined: it stands for itself
 */
export function renderFleetHtml(
  status: FleetStatus,
  linkOf: (run: string) => string | undefined,
  place: { readonly zone: string; readonly madeAt: number },
  served?: { readonly script: string; readonly live: Live },
): string {
  const { clusters, fleet, runbook, run, state, next } = status;
  const live = served?.live;
  const done = clusters.filter((one) => one.state === 'done' || one.state === 'settled').length;
  const news = `The fleet run is ${state}; ${done} of ${count(clusters.length, 'cluster')} done`;
  const stamp = (at: string | undefined): string => (at === undefined ? '' : stampText(Date.parse(at), place.zone));
  const failed = clusters.filter((one) => one.state === 'failed').map(({ cluster, reason }) => `${cluster}: ${reason}`);
  const known = state === 'done' ? failed : [...status.about, ...failed];
  const body = markup`${liveBar(live, news)}<header><p class="kind">Report of a fleet run</p><h1>${runbook} on ${fleet}</h1><p><span class="s ${STATE_CLASS[state] ?? ''}">${state}</span> ${done} of ${count(clusters.length, 'cluster')} done</p><p class="about">${run}, begun ${stamp(status.startedAt)}${status.endedAt === undefined ? '' : `, ended ${stamp(status.endedAt)}`}</p></header><main>
${known.length === 0 ? undefined : markup`<section class="attention"><h2>What to know</h2><ul>${known.map((text) => markup`<li>${text}</li>`)}</ul></section>`}
${next.length === 0 ? undefined : markup`<section><h2>What comes next</h2><pre class="c">${next.join('\n')}</pre></section>`}
<section><h2>Stages</h2>${stageTable(status)}</section>
<section><h2>Clusters</h2>${clusterTable(status, linkOf, stamp)}</section>
</main><footer><p>Made ${stampText(place.madeAt, place.zone)} from the records of the fleet run; its plan has the digest <code>${status.plan}</code>.</p></footer>`;
  return pageOf(`${runbook} on ${fleet}: ${state} (${run})`, body, served?.script, live);
}

function stageTable({ stages, clusters }: FleetStatus): Markup {
  const rows = stages.map((stage) => {
    const own = clusters.filter((one) => one.stage === stage.name);
    const done = own.filter((one) => one.state === 'done' || one.state === 'settled').length;
    const approved = stage.approvedBy === undefined ? '' : `; approved by ${stage.approvedBy}`;
    return markup`<tr><td><span class="s ${STATE_CLASS[stage.state] ?? ''}">${stage.state}</span></td><td data-l="Stage">${stage.name}</td><td data-l="Done">${done} of ${own.length}</td><td data-l="Order">${stage.pace}${approved}</td></tr>`;
  });
  return table(['State', 'Stage', 'Done', 'Order'], rows);
}

function clusterTable(
  { clusters }: FleetStatus,
  linkOf: (run: string) => string | undefined,
  stamp: (at: string | undefined) => string,
): Markup {
  const rows = clusters.map((one) => {
    const link = one.run === undefined ? undefined : linkOf(one.run);
    const run = one.run === undefined ? '' : link === undefined ? one.run : markup`<a href="${link}">${one.run}</a>`;
    const steps = one.steps === undefined ? '' : `${one.steps.done} of ${one.steps.all}`;
    const took = one.took === undefined ? '' : duration(one.took);
    const releases = [one.from.join(', '), one.to].filter((text) => text !== '').join(' to ');
    const attempts = one.attempts > 1 ? ` (attempt ${one.attempts})` : '';
    return markup`<tr><td><span class="s ${STATE_CLASS[one.state] ?? ''}">${one.state}</span>${attempts}</td><td data-l="Cluster">${one.cluster}</td><td data-l="Stage">${one.stage}</td><td data-l="Site">${one.site}</td><td data-l="Releases">${releases}</td><td data-l="Started">${stamp(one.startedAt)}</td><td data-l="Took">${took}</td><td data-l="Steps">${steps}</td><td data-l="Run">${run}</td></tr>${one.reason === '' ? undefined : markup`<tr><td></td><td class="problem" colspan="8">${one.reason}</td></tr>`}`;
  });
  return table(['State', 'Cluster', 'Stage', 'Site', 'Releases', 'Started', 'Took', 'Steps', 'Run'], rows);
}

function table(heads: readonly string[], rows: readonly Markup[]): Markup {
  return markup`<table class="list"><thead><tr>${heads.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`;
}

/** The same as Markdown. */
export function renderFleetMarkdown(status: FleetStatus, zone: string): string {
  const { clusters, stages } = status;
  const safe = (text: string): string => text.replaceAll(/[\\|`*_<>[\]]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ');
  const row = (cells: readonly string[]): string => `| ${cells.map(safe).join(' | ')} |`;
  const head = (cells: readonly string[]): string[] => [row(cells), `| ${cells.map(() => '---').join(' | ')} |`];
  return [
    `# ${safe(status.runbook)} on ${safe(status.fleet)}: ${status.state}`,
    '',
    `Fleet run ${status.run}, begun ${stampText(Date.parse(status.startedAt), zone)}${status.endedAt === undefined ? '' : `, ended ${stampText(Date.parse(status.endedAt), zone)}`}.`,
    '',
    ...status.about.map((text) => `- ${safe(text)}`),
    '',
    ...status.next.flatMap((command) => ['```sh', command, '```', '']),
    ...head(['Stage', 'State', 'Order']),
    ...stages.map(({ name, state, pace }) => row([name, state, pace])),
    '',
    ...head(['Cluster', 'Stage', 'State', 'Took', 'Run', 'Reason']),
    ...clusters.map((one) =>
      row([
        one.cluster,
        one.stage,
        one.state,
        one.took === undefined ? '' : duration(one.took),
        one.run ?? '',
        one.reason,
      ]),
    ),
    '',
  ].join('\n');
}
