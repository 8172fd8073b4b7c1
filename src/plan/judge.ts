import type { Action, ActionContext, ActionNode, ActionSettings, Verdict } from '../actions/action.ts';
import type { Inventory } from '../documents/model.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import { stepKey } from './key.ts';
import type { PlanNode, PlanStep } from './plan.ts';

/** What judging a planned step needs besides facts; the same while planning and while running. */
export interface JudgeSetting {
  readonly actions: ReadonlyMap<string, Action>;
  readonly nodes: readonly PlanNode[];
  readonly settings: ActionSettings;
  readonly run: string;
}

/** What scripts need of an inventory. */
export function settingsOf(inventory: Inventory): ActionSettings {
  const { baseUrl } = inventory.packages;
  return {
    kubeconfig: inventory.kubectl.kubeconfig,
    cluster: inventory.cluster,
    ...(baseUrl === undefined ? {} : { packagesBaseUrl: baseUrl }),
  };
}

/** Exit 0 of the `check:` of each `run:` step that has one, by {@link stepKey}. */
export type Checks = ReadonlyMap<string, boolean>;

/** @throws Error (a bug: plans hold only known actions) when the action is unknown. */
export function actionOf(setting: JudgeSetting, step: Pick<PlanStep, 'action'>): Action | undefined {
  if (step.action === 'run') return undefined;
  const action = setting.actions.get(step.action);
  if (!action) throw new Error(`the plan names an action that this program does not have: ${step.action}`);
  return action;
}

/** The action's view of a planned step. */
export function contextOf(
  setting: JudgeSetting,
  action: Action,
  step: Pick<PlanStep, 'node' | 'with'>,
  facts: Facts,
): ActionContext<unknown> {
  const node = setting.nodes.find((candidate) => candidate.name === step.node);
  if (!node) throw new Error(`the plan names a node that it does not list: ${step.node}`);
  return {
    with: action.schema.parse(step.with),
    node: asActionNode(node),
    nodes: setting.nodes.map(asActionNode),
    facts,
    settings: setting.settings,
    run: setting.run,
    ...(node.before ? { before: node.before } : {}),
  };
}

function asActionNode(node: PlanNode): ActionNode {
  return { name: node.name, host: node.host, role: node.role };
}

/** Is there anything left to do for this step? */
export function judge(setting: JudgeSetting, step: PlanStep, facts: Facts, checks: Checks): Verdict {
  const action = actionOf(setting, step);
  if (action) return action.isDone(contextOf(setting, action, step, facts));
  const check = checks.get(stepKey(step.node, step.id));
  if (check === true) return { done: true, reason: `its check exited 0: ${gistOf(step.check ?? '')}` };
  return {
    done: false,
    reason: check === false ? 'its check did not exit 0' : 'a run: step without a check always runs',
  };
}

/** A check in one line: what its first line says, where that is a comment. */
function gistOf(check: string): string {
  const [line = '', ...more] = check.trim().split('\n');
  const said = /^#+\s*(\S.*)$/.exec(line)?.[1];
  return said ?? (more.length > 0 ? `${line} ...` : line);
}

/** The facts after the step succeeded; a `run:` step is taken to change none. */
export function project(setting: JudgeSetting, step: PlanStep, facts: Facts): Facts {
  const action = actionOf(setting, step);
  return action ? action.project(contextOf(setting, action, step, facts)) : facts;
}

/**
 * The planned steps of one node from a step that takes it out of service up to the one that brings it back (or the phase's end),
 * without these two.
 */
export function outOfService(setting: JudgeSetting, steps: readonly PlanStep[], out: PlanStep): readonly PlanStep[] {
  const mine = steps.filter((step) => step.node === out.node);
  const from = mine.findIndex((step) => step.id === out.id) + 1;
  const length = mine.slice(from).findIndex((step) => actionOf(setting, step)?.service === 'in');
  return mine.slice(from, length === -1 ? undefined : from + length);
}

/** Is the step only for what follows it on its node? */
export function isAhead(setting: JudgeSetting, step: PlanStep): boolean {
  const action = actionOf(setting, step);
  return action?.service === 'out' || action?.makesWay === true;
}

/**
 * A step that takes a node out of service, or makes way for that, has nothing to do when nothing that comes before the node is back has: so a second
 * run drains nobody. Undefined: it has.
 */
export function needlessOutage(
  setting: JudgeSetting,
  steps: readonly PlanStep[],
  out: PlanStep,
  facts: Facts,
  checks: Checks,
): Verdict | undefined {
  const changing = outOfService(setting, steps, out).filter(
    (step) => step.effect !== 'none' && step.script !== undefined && !isAhead(setting, step),
  );
  // With nothing after it, and no step that brings the node back, to be out of service is what it is for.
  const after = steps.slice(steps.indexOf(out) + 1).filter((step) => step.node === out.node);
  const returns = after.some((step) => actionOf(setting, step)?.service === 'in');
  if (changing.length === 0 && !returns && actionOf(setting, out)?.service === 'out') return undefined;
  const reasons: string[] = [];
  let then = facts;
  for (const step of changing) {
    const verdict = judge(setting, step, then, checks);
    if (!verdict.done) return undefined;
    reasons.push(verdict.reason);
    then = project(setting, step, then);
  }
  return { done: true, reason: `nothing needs it: ${reasons.length > 0 ? reasons.join('; ') : 'no step follows'}` };
}

/** The facts that tell what a step did. */
export function outcomeFactsOf(setting: JudgeSetting, step: PlanStep): readonly FactId[] {
  const action = actionOf(setting, step);
  return action?.outcomeFacts ?? action?.facts ?? [];
}

/** The facts that judging and guarding a step reads. */
export function factsOf(setting: JudgeSetting, step: PlanStep): readonly FactId[] {
  return actionOf(setting, step)?.facts ?? [];
}
