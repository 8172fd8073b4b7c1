import { actions } from '../../actions/registry.ts';
import { isClosed, type Progress } from '../../journal/progress.ts';
import { stepsOfPlan } from '../../plan/all-steps.ts';
import { stepKey } from '../../plan/key.ts';
import type { Plan, PlanStep } from '../../plan/plan.ts';
import type { ReportNode, ReportSpan } from '../../render/report-data.ts';

type Outage = { -readonly [K in keyof ReportNode['outages'][number]]: ReportNode['outages'][number][K] };

/** A moment at which a step may have changed whether its node is in service. */
interface Turn {
  readonly at: string;
  readonly to: 'out' | 'in';
}

/**
 * When each node was out of service: from the first attempt of the step that cordons it to the end of the step that
 * uncordons it.
 */
export function outagesOf(
  plan: Plan,
  progress: Progress,
  spans: ReadonlyMap<string, readonly ReportSpan[]>,
): ReadonlyMap<string, readonly Outage[]> {
  const turns = new Map<string, Turn[]>();
  for (const step of stepsOfPlan(plan)) {
    const service = actions.get(step.action)?.service;
    if (service === undefined) continue;
    const own = (spans.get(stepKey(step.node, step.id)) ?? []).flatMap((span) =>
      service === 'out' ? turnsOut(span) : turnsIn(span, step, plan),
    );
    turns.set(step.node, [...(turns.get(step.node) ?? []), ...own]);
  }
  return new Map(plan.nodes.map((node) => [node.name, outagesIn(turns.get(node.name) ?? [], plan, progress, node)]));
}

/** Each attempt takes the node out. One whose script ended with an error has undone that itself. */
function turnsOut({ attempts }: ReportSpan): Turn[] {
  return attempts.flatMap(({ from, to, end }): Turn[] => {
    const out: Turn = { at: from, to: 'out' };
    const isUndone = end?.kind === 'never-ran' || end?.kind === 'refused' || (end?.kind === 'exited' && end.code !== 0);
    return to !== undefined && isUndone ? [out, { at: to, to: 'in' }] : [out];
  });
}

/** A node that was cordoned before the run is left so, and its step is `unchanged`. */
function turnsIn({ to, outcome }: ReportSpan, { node }: PlanStep, { nodes }: Plan): Turn[] {
  const wasCordoned = nodes.find(({ name }) => name === node)?.before?.unschedulable === true;
  const isBack = outcome === 'changed' || (outcome === 'unchanged' && !wasCordoned);
  return isBack && to !== undefined ? [{ at: to, to: 'in' }] : [];
}

function outagesIn(
  turns: readonly Turn[],
  plan: Plan,
  progress: Progress,
  { before }: Plan['nodes'][number],
): readonly Outage[] {
  if (before?.unschedulable === true) return [{ from: progress.startedAt ?? plan.createdAt, before: true }];
  const outages: Outage[] = [];
  for (const { at, to } of turns.toSorted((a, b) => a.at.localeCompare(b.at))) {
    const last = outages.at(-1);
    const isOut = last !== undefined && last.to === undefined;
    if (to === 'out' && !isOut) outages.push({ from: at });
    if (to === 'in' && isOut) last.to = at;
  }
  const last = outages.at(-1);
  // `runbook close` uncordons what the run had cordoned.
  if (last && last.to === undefined && isClosed(progress) && progress.lastAt !== undefined) last.to = progress.lastAt;
  return outages;
}
