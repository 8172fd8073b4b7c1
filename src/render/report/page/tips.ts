import { duration, stepName } from '../../text.ts';
import { type Scale, WIDTH } from '../scale.ts';
import { clockOf, endOf, lasted, spanStanding, STANDING_WORDS } from '../words.ts';
import type { Page } from './open.ts';

/** Pixels by which a pointer may miss a bar. */
const NEAR = 4;

interface Bar {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly text: () => string;
}

/** Says what the bar under the pointer is, and opens its step on a click. Keys reach the same by links of the nodes. */
export function addTips(page: Page, scale: Scale, open: (index: number) => void, signal: AbortSignal): void {
  const tip = document.getElementById('tip') ?? newTip();
  const bars = barsOf(page, scale);
  for (const svg of document.querySelectorAll<SVGElement>('svg.row')) {
    const own = bars.get(svg.dataset['node'] ?? '') ?? [];
    const under = (event: MouseEvent): Bar | undefined => barAt(svg, own, scale, event);
    const show = (event: PointerEvent): void => {
      const bar = under(event);
      tip.hidden = bar === undefined;
      if (!bar) return;
      tip.textContent = bar.text();
      tip.style.left = `${Math.max(4, Math.min(event.pageX + 12, innerWidth - tip.offsetWidth - 8))}px`;
      tip.style.top = `${event.pageY + 16}px`;
    };
    const openUnder = (event: MouseEvent): void => {
      const bar = under(event);
      if (bar) open(bar.index);
    };
    svg.addEventListener('pointermove', show, { signal });
    svg.addEventListener('pointerleave', () => (tip.hidden = true), { signal });
    svg.addEventListener('click', openUnder, { signal });
  }
  const hide = ({ key }: KeyboardEvent): void => {
    if (key === 'Escape') tip.hidden = true;
  };
  addEventListener('keydown', hide, { signal });
}

function newTip(): HTMLElement {
  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.hidden = true;
  document.body.append(tip);
  return tip;
}

/** By node, in the order in which they are drawn. */
function barsOf(page: Page, scale: Scale): ReadonlyMap<string, readonly Bar[]> {
  const report = page.report();
  const bars = new Map<string, Bar[]>();
  for (const [index, step] of report.steps.entries()) {
    for (const span of step.spans) {
      const { from, to } = span;
      const text = (): string => {
        const took = duration(lasted(from, to, endOf(report)));
        return `${stepName(step)}: ${STANDING_WORDS[spanStanding(span, step)]}, ${clockOf(from, report)}, ${took}`;
      };
      const bar = { index, from: Date.parse(from), to: to === undefined ? scale.to : Date.parse(to), text };
      const own = bars.get(step.node);
      if (own) own.push(bar);
      else bars.set(step.node, [bar]);
    }
  }
  return bars;
}

/** The shortest bar there: what took no time lies over what took long. */
function barAt(svg: SVGElement, bars: readonly Bar[], scale: Scale, event: MouseEvent): Bar | undefined {
  const { left, width } = svg.getBoundingClientRect();
  const timeAt = (pixels: number): number => scale.at(((event.clientX - left + pixels) / width) * WIDTH);
  const [first, last] = [timeAt(-NEAR), timeAt(NEAR)];
  return bars
    .filter(({ from, to }) => from <= last && to >= first)
    .toSorted((a, b) => a.to - a.from - (b.to - b.from))[0];
}
