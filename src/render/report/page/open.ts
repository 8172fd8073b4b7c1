import type { RunReport } from '../../report-data.ts';

/** The page of a report. */
export interface Page {
  /** As it is shown now: a live page gets newer ones. */
  readonly report: () => RunReport;
  /** The node of a step, by its place in the report. */
  readonly nodeOf: (index: number) => string | undefined;
  /** Makes the steps of a node, unless they are there. */
  readonly fill: (details: HTMLDetailsElement) => void;
}

/** Opens all that an element is folded in, and goes there. */
export function openTarget(page: Page, id: string): void {
  const step = /^s(\d+)$/.exec(id)?.[1];
  const node = step === undefined ? undefined : page.nodeOf(Number(step));
  if (node !== undefined) open(page, document.getElementById(`n-${node}`));
  const target = document.getElementById(id);
  if (!target) return;
  open(page, target);
  if (step !== undefined) open(page, target.querySelector('details'));
  // A negative tabindex of a details element would take all that is in it away from Tab.
  const focused = target instanceof HTMLDetailsElement ? target.querySelector('summary') : target;
  focused?.focus({ preventScroll: true });
  target.scrollIntoView({ block: 'center' });
}

function open(page: Page, element: Element | null): void {
  if (!(element instanceof HTMLDetailsElement)) return;
  page.fill(element);
  element.open = true;
}
