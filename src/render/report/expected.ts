import { groupBy } from '../group.ts';
import type { ReportStep, RunReport } from '../report-data.ts';
import { duration } from '../text.ts';
import { workOn } from './words.ts';

/** `1m30s, 1m00s expected`: a real time, with what the plan expected; either may be unknown. */
export function withExpected(real: string, expected: number | undefined): string {
  const parts = [real, ...(expected === undefined ? [] : [`${duration(expected)} expected`])];
  return parts.filter((part) => part !== '').join(', ');
}

/** Whether the plan of the run expected anything. */
export function hasExpected({ expected }: RunReport): boolean {
  return expected !== undefined;
}

/** `1m36s, 1m20s expected`: the work on the steps of a node. */
export function workText(steps: readonly ReportStep[], expected: number | undefined, report: RunReport): string {
  const spans = steps.flatMap((step) => step.spans);
  return withExpected(spans.length === 0 ? '' : duration(workOn(spans, report)), expected);
}

/** What steps of one kind took on all of their nodes. Milliseconds. */
export interface KindTime {
  readonly step: ReportStep;
  readonly nodes: number;
  readonly expected: number;
  readonly real: number;
}

/** Of the steps that ended as planned, at once: those furthest from their estimate first. */
export function timesByKind(report: RunReport): KindTime[] {
  const ended = report.steps.filter(isMeasure);
  return [...groupBy(ended, ({ step }) => step).values()]
    .flatMap((steps): KindTime[] => {
      const [step] = steps;
      if (!step) return [];
      const expected = steps.reduce((sum, one) => sum + (one.expected ?? 0), 0);
      const spans = steps.flatMap((one) => one.spans);
      return [{ step, nodes: steps.length, expected, real: workOn(spans, report) }];
    })
    .toSorted((a, b) => Math.abs(b.real - b.expected) - Math.abs(a.real - a.expected));
}

/** One stretch of work: what failed first, or was answered by a person, says nothing about the estimate. */
function isMeasure({ expected, outcome, spans }: ReportStep): boolean {
  return expected !== undefined && spans.length === 1 && (outcome === 'changed' || outcome === 'unchanged');
}
