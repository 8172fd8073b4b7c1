import type { RunReport } from '../../report-data.ts';
import { scaleOf } from '../scale.ts';
import { nodeSteps, stepAnchor } from '../steps.ts';
import { openTarget, type Page } from './open.ts';
import { addSearch } from './search.ts';
import { addTips } from './tips.ts';

/** What only a script can do on the page of a report: search, tips on bars, and steps that are too many to be in it. */
async function start(): Promise<void> {
  const report = await readReport();
  const page: Page = {
    report,
    nodeOf: (index) => report.steps[index]?.node,
    fill: (details) => {
      const place = details.querySelector<HTMLElement>('[data-node]');
      const name = place?.dataset['node'];
      if (place && name !== undefined && place.childElementCount === 0) place.innerHTML = nodeSteps(report, name).text;
    },
  };
  const nodes = [...document.querySelectorAll<HTMLDetailsElement>('details.node')];
  for (const details of nodes) details.addEventListener('toggle', () => details.open && page.fill(details));
  byId('open')?.addEventListener('click', () => setOpen(nodes, true));
  byId('close')?.addEventListener('click', () => setOpen(nodes, false));
  addEventListener('hashchange', () => openTarget(page, location.hash.slice(1)));
  // A second click on the same link changes no hash.
  document.addEventListener('click', ({ target }) => {
    const link = target instanceof Element ? target.closest('a[href^="#"]')?.getAttribute('href') : undefined;
    if (link && link === location.hash) openTarget(page, link.slice(1));
  });
  addEventListener('beforeprint', () => report.steps.length <= MOST_PRINTED && setOpen(nodes, true));
  addSearch(page);
  const scale = scaleOf(report);
  if (scale) addTips(page, scale, (index) => (location.hash = stepAnchor(index)));
  openTarget(page, location.hash.slice(1));
  performance.mark('ready');
  document.documentElement.dataset['ready'] = 'true';
}

/** More steps are printed as the reader has opened them. */
const MOST_PRINTED = 1500;

function setOpen(nodes: readonly HTMLDetailsElement[], open: boolean): void {
  for (const details of nodes) details.open = open;
}

async function readReport(): Promise<RunReport> {
  const bytes = Uint8Array.from(atob(byId('report')?.textContent ?? ''), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const report: RunReport = JSON.parse(await new Response(stream).text());
  return report;
}

function byId(id: string): HTMLElement | null {
  return document.getElementById(id);
}

void start();
