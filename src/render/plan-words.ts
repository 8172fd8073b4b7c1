import { stepsOfPlan } from '../plan/all-steps.ts';
import type { Plan, PlanNode, PlanPhase, PlanStep, Prediction } from '../plan/plan.ts';
import { namesText } from './fold-names.ts';
import { groupBy } from './group.ts';
import { count } from './text.ts';

/** `cp-[1:3] control-plane at 10.0.0.[11:13]; worker-[1:20] worker at ...`: addresses in the order of the names. */
export function machines(nodes: readonly PlanNode[]): string {
  return [...groupBy(nodes, ({ role }) => role)]
    .map(([role, of]) => {
      const hosts = of.map(({ host }) => host);
      const same = hosts.every((host) => host === hosts[0]) ? hosts.slice(0, 1) : hosts;
      const isNamed = of.every(({ name, host }) => name === host);
      const objects = of.filter(({ object }) => object !== undefined);
      const objectText = objects.map(({ name, object }) => `${name} is ${object ?? ''}`).join(', ');
      return `${namesText(of.map(({ name }) => name))} ${role}${isNamed ? '' : ` at ${namesText(same)}`}${objects.length === 0 ? '' : ` (Node objects: ${objectText})`}`;
    })
    .join('; ');
}

/** `1.31.9 -> 1.32.9 -> 1.33.12 -> 1.34.1` */
export function wayText({ from, through }: NonNullable<Plan['way']>): string {
  return [...(through[0] === from ? [] : [from]), ...through].join(' -> ');
}

/** `, to 1.33.12`, where the plan has several hops and the phase's name does not begin with its release. */
export function hopText({ hop, name }: PlanPhase, { way }: Plan): string {
  return hop === undefined || way?.through.length === 1 || name.startsWith(hop.version) ? '' : `, to ${hop.version}`;
}

export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

/** `, 3 at a time`; batches that grow or shrink are listed. */
export function paceText({ batches }: PlanPhase): string {
  const sizes = batches.map((batch) => batch.length);
  if (sizes.reduce((sum, size) => sum + size, 0) < 2) return '';
  const [first = 0] = sizes;
  const isEven = sizes.slice(0, -1).every((size) => size === first) && (sizes.at(-1) ?? 0) <= first;
  if (sizes.length === 1) return ', all at once';
  if (isEven) return first === 1 ? ', one at a time' : `, up to ${first} at a time`;
  const runs: { size: number; times: number }[] = [];
  for (const size of sizes) {
    const last = runs.at(-1);
    if (last?.size === size) last.times += 1;
    else runs.push({ size, times: 1 });
  }
  return `, in batches of ${runs.map(({ size, times }) => (times === 1 ? String(size) : `${times} x ${size}`)).join(', ')}`;
}

/** `would change 12 steps on 3 nodes; 4 already done`, for the end of a plan. */
export function summaryText(plan: Pick<Plan, 'phases'>): string {
  const steps = stepsOfPlan(plan);
  const of = (outcome: Prediction['outcome']): PlanStep[] => steps.filter((step) => step.predicted.outcome === outcome);
  const changes = of('change');
  const nodes = new Set(changes.map((step) => step.node)).size;
  const parts = [
    changes.length === 0
      ? 'nothing to change'
      : `would change ${count(changes.length, 'step')} on ${count(nodes, 'node')}`,
    ...(of('unchanged').length > 0 || changes.length === 0 ? [`${of('unchanged').length} already done`] : []),
    ...(of('skipped').length > 0 ? [`${of('skipped').length} skipped`] : []),
    ...(of('read').length > 0 ? [`${of('read').length} that only read or wait`] : []),
  ];
  return parts.join('; ');
}
