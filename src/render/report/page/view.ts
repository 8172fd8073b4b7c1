import type { RunReport } from '../../report-data.ts';
import { scaleOf } from '../scale.ts';
import { nodeSteps, stepAnchor } from '../steps.ts';
import { openTarget, type Page } from './open.ts';
import { addSearch } from './search.ts';
import { addTips } from './tips.ts';
import { updatePage } from './update.ts';

export interface View {
  /** Shows what a newer page of the same run shows, and leaves open, found and focused what is. */
  readonly refresh: (newer: Document) => Promise<RunReport>;
}

/** What only a script can do on the page of a report: search, tips on bars, steps that are too many to be in it. */
export async function startView(): Promise<View> {
  let report = await readReport(document);
  const page: Page = {
    report: () => report,
    nodeOf: (index) => report.steps[index]?.node,
    fill: (details) => {
      const place = details.querySelector<HTMLElement>('[data-node]');
      const name = place?.dataset['node'];
      if (place && name !== undefined && place.childElementCount === 0) place.innerHTML = nodeSteps(report, name).text;
    },
  };
  document.addEventListener('toggle', ({ target }) => isOpenNode(target) && page.fill(target), { capture: true });
  byId('open')?.addEventListener('click', () => setOpen(true));
  byId('close')?.addEventListener('click', () => setOpen(false));
  addEventListener('hashchange', () => openTarget(page, location.hash.slice(1)));
  // A second click on the same link changes no hash.
  document.addEventListener('click', ({ target }) => {
    const link = target instanceof Element ? target.closest('a[href^="#"]')?.getAttribute('href') : undefined;
    if (link && link === location.hash) openTarget(page, link.slice(1));
  });
  addEventListener('beforeprint', () => report.steps.length <= MOST_PRINTED && setOpen(true));
  addSearch(page);
  let tips = tipsOf(page);
  openTarget(page, location.hash.slice(1));
  performance.mark('ready');
  document.documentElement.dataset['ready'] = 'true';
  return {
    refresh: async (newer) => {
      report = await readReport(newer);
      fillAlike(newer, report);
      updatePage(newer);
      tips.abort();
      tips = tipsOf(page);
      return report;
    },
  };
}

/** Tips for the rows that are there. */
function tipsOf(page: Page): AbortController {
  const tips = new AbortController();
  const scale = scaleOf(page.report());
  if (scale) addTips(page, scale, (index) => (location.hash = stepAnchor(index)), tips.signal);
  return tips;
}

/** Steps that the newer page leaves to its script are made where they are open here. */
function fillAlike(newer: Document, report: RunReport): void {
  for (const place of newer.querySelectorAll<HTMLElement>('div[data-node]:empty')) {
    const name = place.dataset['node'] ?? '';
    if (isOpenNode(byId(`n-${name}`))) place.innerHTML = nodeSteps(report, name).text;
  }
}

function isOpenNode(target: unknown): target is HTMLDetailsElement {
  return target instanceof HTMLDetailsElement && target.open && target.classList.contains('node');
}

/** More steps are printed as the reader has opened them. */
const MOST_PRINTED = 1500;

function setOpen(open: boolean): void {
  for (const details of document.querySelectorAll<HTMLDetailsElement>('details.node')) details.open = open;
}

async function readReport(from: Document): Promise<RunReport> {
  const bytes = Uint8Array.from(atob(from.getElementById('report')?.textContent ?? ''), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const report: RunReport = JSON.parse(await new Response(stream).text());
  return report;
}

function byId(id: string): HTMLElement | null {
  return document.getElementById(id);
}
