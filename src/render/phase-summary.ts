import { type OutcomeCounts, OUTCOMES } from '../event.ts';
import { countsBefore, type EventOf, sumOf } from './event-lines.ts';
import { countsText } from './outcome.ts';
import type { NodeView } from './phase-view.ts';
import type { Line, Span, Style } from './style.ts';
import { duration, listNames } from './text.ts';

export interface ShownPhase {
  readonly event: EventOf<'phase-started'>;
  readonly nodes: Map<string, NodeView>;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** The line that stays of a phase: also of what had ended before a resume. `early`: the run ended first. */
export function phaseSummary({ event, nodes, since }: ShownPhase, early: boolean, time: number, style: Style): Line {
  const { symbols } = style;
  const views = [...nodes.values()];
  const counts = sumOf(views.map((node) => node.counts));
  const out = views.filter((node) => node.leftOut !== undefined).map((node) => node.name);
  const before = sum(countsBefore(event));
  const now = sum(counts) - before;
  const mark: Span = views.some((node) => node.failed)
    ? { text: `${symbols.failed} `, as: 'red' }
    : early || out.length > 0 || counts.failed > 0
      ? { text: `${symbols.warning} `, as: 'yellow' }
      : { text: `${symbols.change} `, as: 'green' };
  const took =
    now === 0 && before > 0
      ? ', before the resume'
      : `${before === 0 ? '' : ` (${before} before the resume)`}, ${duration(time - since)}`;
  return [
    mark,
    `${event.phase}/${event.phases} ${event.name}`,
    { text: `  ${listNames(event.nodes, 3)}: ${countsText(counts)}${took}`, as: 'dim' },
    ...(out.length === 0 ? [] : [{ text: `  left out: ${listNames(out, 3)}`, as: 'yellow' } as const]),
  ];
}

function sum(counts: Readonly<OutcomeCounts>): number {
  return OUTCOMES.reduce((total, outcome) => total + counts[outcome], 0);
}
