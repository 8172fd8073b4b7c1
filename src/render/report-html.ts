import { groupBy } from './group.ts';
import type { RunReport, Standing } from './report-data.ts';
import { type Markup, markup } from './report/markup.ts';
import { attention, gaps, header, request } from './report/sections.ts';
import { faults } from './report/faults.ts';
import { packed } from './report/fit.ts';
import { type Live, liveBar, pageOf } from './report/shell.ts';
import { countsText, nodeSteps } from './report/steps.ts';
import { STYLE } from './report/style.ts';
import { guards, history, nodes, phases } from './report/tables.ts';
import { timeline } from './report/timeline.ts';
import { dateOf, versionTexts } from './report/words.ts';
import { count } from './text.ts';

/** Characters of steps that are in the page itself; of a longer report its script makes them from its data. */
const INLINE = 300_000;

/** Characters of a page: it can still be sent by mail. What is left of them is for outputs, and at least so many. */
const LONGEST = 950_000;
const LEAST_DATA = 200_000;

/**
 * One page that needs nothing else: no address is in it, and its policy allows no other script and no connection.
 * @param script the page's own (`page/main.ts`, bundled)
 * @param live it is shown by a server, which it follows (with `page/live-main.ts`)
 */
export function renderHtml(report: RunReport, script: string, live?: Live): string {
  const isRehearsal = report.kind === 'rehearsal';
  const run = report.run === '' || isRehearsal ? '' : ` (${report.run})`;
  const title = `${isRehearsal ? 'Rehearsal: ' : ''}${report.runbook.name} on ${report.cluster}: ${report.state}${run}`;
  const body = bodyOf(report, live);
  const rest = LONGEST - body.text.length - script.length - STYLE.length;
  // Nothing in it can end its element.
  const data = packed(report, Math.max(LEAST_DATA, rest));
  const whole = markup`${body}
<script type="application/gzip" id="report">${data}</script>`;
  return pageOf(title, whole, script, live);
}

function bodyOf(report: RunReport, live: Live | undefined): Markup {
  const isPlan = report.kind === 'plan';
  const parts = isPlan ? 'Nodes, phases, guards, rollback' : 'What happened, nodes, phases, guards';
  const misfortunes = report.faults ? markup`<li><a href="#faults">Misfortunes</a></li>` : undefined;
  const made = isPlan
    ? 'from the plan; times are estimates, counted from the start of its run.'
    : `from the journal of the ${report.kind ?? 'run'}; ${report.kind === 'rehearsal' ? 'simulated times' : 'times'} are of the zone ${report.zone}.`;
  return markup`<a class="skip" href="#timeline">Skip to the timeline</a>
${liveBar(live, newsOf(report))}${header(report)}
<nav aria-label="Parts of the ${isPlan ? 'plan' : 'report'}"><ul><li><a href="#timeline">Timeline</a></li><li><a href="#parts">${parts}</a></li>${misfortunes}<li><a href="#steps">Steps and ${isPlan ? 'commands' : 'output'}</a></li></ul></nav>
<main>
${attention(report)}
<section id="timeline" tabindex="-1"><h2>Timeline</h2>${timeline(report)}</section>
<div id="parts" tabindex="-1">${history(report)}${nodes(report)}${phases(report)}${guards(report)}${faults(report)}${request(report)}${gaps(report)}</div>
${steps(report)}
</main>
<footer><p>Made ${dateOf(report.madeAt, report)} ${made}</p></footer>`;
}

function newsOf({ kind, state, nodes, steps: all }: RunReport): string {
  if (kind === 'plan') return `The plan of ${count(nodes.length, 'node')} is ${state}`;
  const open = new Set(all.flatMap(({ node, outcome }) => (isOpen(outcome) ? [node] : [])));
  const failed = all.filter(({ outcome }) => outcome === 'failed').length;
  const failures = failed === 0 ? '' : `; ${count(failed, 'failed step')}`;
  return `The run is ${state}; ${nodes.length - open.size} of ${count(nodes.length, 'node')} done${failures}`;
}

function isOpen(outcome: Standing): boolean {
  return outcome !== 'changed' && outcome !== 'unchanged' && outcome !== 'skipped';
}

function steps(report: RunReport): Markup {
  const byNode = groupBy(report.steps, ({ node }) => node);
  const inline = inlineSteps(report);
  const all = report.nodes.map((node) => {
    const known = [versionTexts(node.before, node.after)[0] ?? '', countsText(byNode.get(node.name) ?? [])];
    const about = known.filter((text) => text !== '').join('; ');
    return markup`<details class="node" id="n-${node.name}"><summary><h3>${node.name}</h3><span class="t">${about}</span></summary><div data-node="${node.name}">${inline?.get(node.name)}</div></details>`;
  });
  const without = inline
    ? undefined
    : markup`<noscript><p>The steps of so many nodes are shown by the script of this page. Without it: <code>runbook report --format json</code>.</p></noscript>`;
  return markup`<section id="steps" tabindex="-1"><h2>Steps and ${report.kind === 'plan' ? 'commands' : 'output'}, by node</h2>${without}<form class="find" role="search" hidden><label>Search in steps, commands and output<input type="search" id="query" autocomplete="off" spellcheck="false"></label><button type="button" id="open">Open all nodes</button><button type="button" id="close">Close all</button><output id="count" for="query"></output></form><ol id="hits" hidden></ol>${all}</section>`;
}

/** Undefined where they would make the page too long. */
function inlineSteps(report: RunReport): ReadonlyMap<string, Markup> | undefined {
  const made = new Map<string, Markup>();
  let length = 0;
  for (const { name } of report.nodes) {
    const own = nodeSteps(report, name);
    length += own.text.length;
    if (length > INLINE) return undefined;
    made.set(name, own);
  }
  return made;
}
