import { stepsOfPlan } from './all-steps.ts';
import type { Plan, PlanStep } from './plan.ts';

/** The name of the operator's own machine where a node's name is expected. */
export const LOCAL = 'local';

/** Where something runs, for people. */
export function hostText(host: string): string {
  return host === LOCAL ? 'this machine' : host;
}

/** Whether a step of this plan may run there: on its own node, on a control plane, or on the operator's machine. */
export function mayRunOn({ nodes }: Plan, { node, place }: PlanStep, host: string): boolean {
  const isControlPlane = (): boolean =>
    (nodes.find(({ name }) => name === host)?.role ?? 'control-plane') === 'control-plane';
  switch (place) {
    case 'node':
      return host === node;
    case 'local':
      return host === LOCAL;
    case 'kubectl':
      return host === LOCAL || isControlPlane();
    case 'control-plane':
      return host !== LOCAL && isControlPlane();
  }
}

/** Nodes that the plan runs something on, whatever its list of nodes says of them. */
export function workedNodes(plan: Plan, hasLocalFiles: (action: string) => boolean): string[] {
  const working = stepsOfPlan(plan).filter(
    ({ place, script, action }) => place === 'node' && (script !== undefined || hasLocalFiles(action)),
  );
  return [...new Set(working.map(({ node }) => node))];
}
