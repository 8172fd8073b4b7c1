import type { Action, ActionContext, ActionNode, ActionSettings } from '../actions/action.ts';
import type { BoundStep } from '../actions/bound-step.ts';
import { run } from '../actions/run.ts';
import type { Inventory, InventoryNode } from '../documents/model.ts';
import type { Facts } from '../facts/facts.ts';
import { Failure } from '../failure.ts';
import { filledFor } from './filled.ts';
import { stepKey } from './key.ts';
import { type KnownRefs, RefBook } from './refs.ts';
import type { Plan, PlanHop, PlanNode, PlanPhase, PlanStep } from './plan.ts';
import type { DraftStep } from './steps.ts';

/** What every step of a plan is bound to. */
export interface Binding {
  readonly actions: ReadonlyMap<string, Action>;
  readonly inventory: Inventory;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly nodes: readonly PlanNode[];
  readonly addons?: Readonly<Record<string, number>>;
  /** The run's id; while planning, `RUN`. */
  readonly run: string;
}

/** A step of a plan with its action, options and node, bound once: facts are all that deciding on it takes. */
export interface DraftedStep extends BoundStep, Omit<DraftStep, 'id' | 'node' | 'action' | 'with' | 'ref'> {
  readonly key: string;
  /** As plan.json has it. */
  readonly draft: DraftStep;
  /** What its action sees apart from facts. */
  readonly view: Omit<ActionContext<unknown>, 'facts'>;
  /** The steps of its node in its phase, in order, itself among them; then those that run at the node's end. */
  readonly row: readonly DraftedStep[];
  /** Its index there. */
  readonly at: number;
  readonly scope: StepScope;
}

/** A step of a finished plan. */
export interface PlannedStep extends DraftedStep {
  readonly planned: PlanStep;
  readonly commands: readonly string[];
  /** How events name it. */
  readonly ref: { readonly step: string; readonly node: string; readonly title: string };
}

/** What its condition is evaluated in, apart from facts. */
export interface StepScope {
  readonly inventory: Inventory;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly node?: InventoryNode;
  readonly hop?: PlanHop;
  /** Of an `always` step: whether a step of its node in its phase has failed. Undefined: of any other. */
  readonly failed?: boolean;
  readonly refs: KnownRefs;
  /** In place of `inputs`, and besides. */
  readonly known?: PlanStep['known'];
}

export interface BoundPhase {
  readonly phase: PlanPhase;
  /** Its steps, then those that run at the end of each node. */
  readonly steps: readonly PlannedStep[];
  /** Its steps, by node. */
  readonly rows: ReadonlyMap<string, readonly PlannedStep[]>;
  /** What runs at the end of each node (`always`). */
  readonly ends: ReadonlyMap<string, readonly PlannedStep[]>;
}

/** All that a phase does on a node: its steps, then what always runs at its end. */
export function stepsOnNode({ rows, ends }: Pick<BoundPhase, 'rows' | 'ends'>, node: string): readonly PlannedStep[] {
  return [...(rows.get(node) ?? []), ...(ends.get(node) ?? [])];
}

/** Marks an `always` step, of a node where nothing has failed unless given. */
export function atEnd<S extends DraftedStep>(step: S, failed = false): S {
  return { ...step, scope: { ...step.scope, failed } };
}

export function isAtEnd({ scope }: DraftedStep): boolean {
  return scope.failed !== undefined;
}

/** @throws Failure (document) where an action is unknown or does not take its options */
export function bindPlan(plan: Plan, binding: Omit<Binding, 'inputs' | 'nodes' | 'addons'>): readonly BoundPhase[] {
  const bind = binder({
    ...binding,
    inputs: plan.inputs,
    nodes: plan.nodes,
    ...(plan.addons && { addons: plan.addons }),
  });
  return plan.phases.map((phase) => {
    // A node's `always` steps follow its steps there, as they do when they run.
    const rows = new Rows<PlannedStep>();
    const bound = (planned: PlanStep): PlannedStep => {
      const action = actionOf(binding.actions, planned);
      return asPlanned(bind(planned, action, optionsOf(action, planned), rows.of(planned.node), phase.hop), planned);
    };
    const placed = (step: PlannedStep, of: Rows<PlannedStep>): PlannedStep => {
      rows.of(step.node.name).push(step);
      of.of(step.node.name).push(step);
      return step;
    };
    const [own, ends] = [new Rows<PlannedStep>(), new Rows<PlannedStep>()];
    const steps = phase.steps.map((planned) => placed(bound(planned), own));
    const always = (phase.always ?? []).map((planned) => placed(atEnd(bound(planned)), ends));
    return { phase, steps: [...steps, ...always], rows: own.all, ends: ends.all };
  });
}

/** The steps of one phase, by node, as they are bound. */
export class Rows<S> {
  readonly all = new Map<string, S[]>();

  of(node: string): S[] {
    const row = this.all.get(node) ?? [];
    this.all.set(node, row);
    return row;
  }
}

function actionOf(actions: ReadonlyMap<string, Action>, { id, node, action: name }: PlanStep): Action {
  const action = name === run.name ? run : actions.get(name);
  if (action) return action;
  throw new Failure('document', `${id} on ${node}: this program has no action ${name}`, [
    'Make the plan again with this version of the program.',
  ]);
}

function optionsOf(action: Action, step: PlanStep): unknown {
  const parsed = action.schema.safeParse(step.with);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const problem = `with.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
  throw new Failure('document', `${step.id} on ${step.node}: ${problem}`);
}

export type Bind = (
  step: DraftStep,
  action: Action,
  options: unknown,
  row: readonly DraftedStep[],
  hop: PlanHop | undefined,
) => DraftedStep;

/** Binds the steps of one plan. */
export function binder(
  { inventory, inputs, nodes, addons, run: id }: Omit<Binding, 'actions'>,
  book = new RefBook(),
): Bind {
  const inventoryNodes = new Map(inventory.nodes.map((node) => [node.name, node]));
  const all = nodes.map(({ name, host, role }): ActionNode => ({ name, host, role }));
  const byName = new Map(all.map((node, index) => [node.name, { node, before: nodes[index]?.before }]));
  const settings = settingsOf(inventory);
  return (step, action, options, row, hop) => {
    const { node: name, ownTimeout, shown } = step;
    // A copy that leaves members out takes long, and a plan may have tens of thousands of steps.
    const draft = ownTimeout === undefined && shown === undefined ? step : withoutHints(step);
    const found = byName.get(name);
    if (!found) throw new Error(`the plan names a node that it does not list: ${name}`);
    const { node, before } = found;
    const inventoryNode = inventoryNodes.get(name);
    const own = {
      script: step.script ?? '',
      ...(shown === undefined ? {} : { shown }),
      ...(step.check === undefined ? {} : { check: step.check }),
    };
    const refs = book.at(name);
    book.add(step);
    return {
      ...step,
      draft,
      key: stepKey(name, step.id),
      node,
      action,
      with: options,
      view: {
        with: options,
        node,
        nodes: all,
        settings,
        run: id,
        own,
        ...(before && { before }),
        ...(addons && { addons }),
      },
      row,
      at: row.length,
      scope: {
        inventory,
        inputs,
        refs,
        ...(inventoryNode && { node: inventoryNode }),
        ...(hop && { hop }),
        ...(step.known && { known: step.known }),
      },
    };
  };
}

/** As plan.json has it. */
function withoutHints({ ownTimeout: _own, shown: _shown, ...draft }: DraftStep): DraftStep {
  return draft;
}

export function asPlanned(step: DraftedStep, planned: PlanStep): PlannedStep {
  const { id, node, title, timeout, commands, script } = planned;
  return {
    ...step,
    timeout,
    commands,
    ...(script !== undefined && { script }),
    planned,
    ref: { step: id, node, title },
  };
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

/** The step as its action sees it on these facts, and with the fact that its last attempt was cut off. */
export function contextOf(step: DraftedStep, facts: Facts, cutOff = false): ActionContext<unknown> {
  const { view, key } = step;
  const filled = filledFor(step, facts);
  const passed = facts.checks?.[key];
  const own = passed === undefined || !view.own ? {} : { own: { ...view.own, passed } };
  return { ...view, facts, ...own, ...(filled && { filled }), ...(cutOff && { cutOff }) };
}
