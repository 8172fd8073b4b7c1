import type { Action, ActionNode } from './action.ts';

/** A planned step with its action and the options that the action's schema made of its `with`. */
export interface BoundStep<W = unknown> {
  readonly id: string;
  readonly node: ActionNode;
  readonly action: Action<W>;
  readonly with: W;
}

/** @throws ZodError where the action does not take these options */
export function bindStep<W>(id: string, node: ActionNode, action: Action<W>, options: unknown): BoundStep<W> {
  return { id, node, action, with: action.schema.parse(options) };
}

/** The step with typed options, if it is a step of this action. */
export function stepOf<W>(step: BoundStep | undefined, action: Action<W>): BoundStep<W> | undefined {
  return step && isOf(step, action) ? step : undefined;
}

/** Is it a step of one of these actions? */
export function isStepOf(step: BoundStep | undefined, ...actions: readonly Action[]): boolean {
  return step !== undefined && actions.some((action) => isOf(step, action));
}

/** The schema that parsed the options is what gives them their type. */
function isOf<W>(step: BoundStep, action: Action<W>): step is BoundStep<W> {
  return step.action.schema === action.schema;
}
