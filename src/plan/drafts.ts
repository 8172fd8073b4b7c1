import type { Action } from '../actions/action.ts';
import type { Span } from '../diagnostic.ts';
import { evaluateCondition } from '../documents/expressions.ts';
import { isIncluded, scopeIn, withRootSecrets } from '../documents/frame.ts';
import type { Inventory, InventoryNode, Phase, Runbook, Step } from '../documents/model.ts';
import { selectNodes } from '../documents/selectors.ts';
import { stepsOf } from '../documents/steps-of.ts';
import { Failure } from '../failure.ts';
import type { Facts } from '../facts/facts.ts';
import { atEnd, type Bind, type DraftedStep, Rows } from './bind.ts';
import { paceOf } from './batches.ts';
import { phaseScope, placesOf } from './places.ts';
import { draftGate, inputsRead } from './gate.ts';
import type { PlanGate } from './pace.ts';
import type { PlanHop } from './plan.ts';
import type { RefBook } from './refs.ts';
import { requireBefore } from './before.ts';
import { scopeFor } from './scope.ts';
import { type DraftPhase, draftStep } from './steps.ts';

/** What phases are drafted from. */
export interface DraftInput {
  readonly runbook: { readonly value: Runbook };
  readonly inventory: { readonly value: Inventory };
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly limit?: string;
  readonly actions: ReadonlyMap<string, Action>;
}

/** One of the times that the runbook's phases are gone through. */
export interface Round {
  /** 0-based. */
  readonly index: number;
  /** Undefined: the only one, of a runbook without `hops`. */
  readonly hop?: PlanHop;
  /** Phases are named by their hop where there are several. */
  readonly named: boolean;
}

/** The runbook's phases on these facts, with nodes chosen and steps resolved; nothing of those whose `if` is false. */
export function draftPhases(
  input: DraftInput,
  bind: Bind,
  facts: Facts,
  { index: round, hop, named }: Round,
  book: RefBook,
): DraftPhase[] {
  const { inputs, actions } = input;
  const inventory = input.inventory.value;
  const { phases } = input.runbook.value;
  return phases.map((phase, index) => {
    const number = round * phases.length + index + 1;
    const name = hop && named ? `${hop.version}: ${phase.name}` : phase.name;
    if (isConditional(phase) && !phaseHolds(phase, phase.if ?? 'true', input, facts, hop)) {
      const skipped = phase.if === undefined ? 'the condition of its include is false' : `if: ${phase.if} is false`;
      return { number, name, phase, batches: [], maxFailures: 0, steps: [], skipped, ...(hop && { hop }) };
    }
    const { nodes: chosen, onlyAsks } = chooseNodes(phase, input);
    const rows = new Rows<DraftedStep>();
    const spans = new Map<DraftedStep, Span>();
    const drafted = (list: readonly Step[], prefix: string, isAtEnd: boolean): DraftedStep[] =>
      chosen.flatMap((node) =>
        list.flatMap((step, place) => {
          if (onlyAsks && !asks(step, actions)) return [];
          if (step.once === true && node !== chosen[0]) return [];
          const scope = () => scopeFor(inventory, inputs, facts, node, {}, hop);
          return placesOf(step, `${prefix}${place + 1}`, scope).map(({ number: id, known }) => {
            const own = { hop, refs: book.at(node.name), known };
            const { draft, action, options } = draftStep(step, id, node, inventory, inputs, facts, actions, own);
            const row = rows.of(node.name);
            const bound = bind(draft, action, options, row, hop);
            const placed = isAtEnd ? atEnd(bound) : bound;
            row.push(placed);
            spans.set(placed, step.span);
            return placed;
          });
        }),
      );
    const steps = drafted(phase.steps, `${number}.`, false);
    const always = phase.always && !onlyAsks ? { always: drafted(phase.always, `${number}.a`, true) } : {};
    const gate = gateOf(phase, input, facts, hop);
    const pace = paceOf(phase, chosen, scopeFor(inventory, inputs, facts, undefined, {}, hop));
    for (const step of [...steps, ...(always.always ?? [])]) requireBefore(step, pace.batches, spans.get(step));
    return { number, name, phase, ...pace, steps, ...always, ...(gate && { gate }), ...(hop && { hop }) };
  });
}

/**
 * The nodes of all phases, or of those with a step that changes their membership so; with hops, also of those whose `if`
 * may hold later.
 */
export function touchedNodes(input: DraftInput, facts: Facts, membership?: Action['membership']): ReadonlySet<string> {
  const { phases, hops } = input.runbook.value;
  const planned = phases.filter(
    (phase) =>
      !isConditional(phase) || hops !== undefined || phaseHolds(phase, phase.if ?? 'true', input, facts, undefined),
  );
  return new Set(
    planned
      .filter(
        (phase) =>
          membership === undefined ||
          stepsOf(phase).some(
            (step) => step.kind === 'uses' && input.actions.get(step.uses)?.membership === membership,
          ),
      )
      .flatMap((phase) => {
        const { nodes, onlyAsks } = chooseNodes(phase, input);
        return onlyAsks && membership !== undefined ? [] : nodes.map((node) => node.name);
      }),
  );
}

function gateOf(phase: Phase, input: DraftInput, facts: Facts, hop: PlanHop | undefined): PlanGate | undefined {
  const { frame } = phase;
  const scope = phaseScope(phase, scopeFor(input.inventory.value, input.inputs, facts, undefined, {}, hop));
  const inputs = frame?.included?.inputs ?? input.runbook.value.inputs;
  const gate = draftGate(phase, inputs, scope);
  if (gate?.ask.kind !== 'http' || !frame?.included) return gate;
  const headers = Object.entries(gate.ask.secretHeaders).map(([name, value]) => [name, withRootSecrets(frame, value)]);
  const own = { secretHeaders: Object.fromEntries(headers), inputs: inputsRead(gate.ask.condition, scope.inputs) };
  return { ...gate, ask: { ...gate.ask, ...own } };
}

function isConditional({ if: condition, frame }: Phase): boolean {
  return condition !== undefined || frame?.included !== undefined;
}

function phaseHolds(
  phase: Phase,
  condition: string,
  input: DraftInput,
  facts: Facts,
  hop: PlanHop | undefined,
): boolean {
  const scope = scopeFor(input.inventory.value, input.inputs, facts, undefined, {}, hop);
  const included = isIncluded(phase.frame, scope);
  if (included.ok && !included.value) return false;
  const own = scopeIn(phase.frame, scope);
  const result = !included.ok ? included : own.ok ? evaluateCondition(condition, own.value) : own;
  if (result.ok) return result.value;
  throw new Failure('document', `${phase.span.file}:${phase.span.line}:${phase.span.column}: ${result.error.message}`);
}

/**
 * The nodes of a phase within the limit. A question is not about its node: where the limit leaves none of the
 * phase's nodes, it is still asked, at the first of them, and nothing else of the phase is done.
 */
export function chooseNodes(
  phase: Phase,
  { inventory, limit, actions }: Pick<DraftInput, 'inventory' | 'limit' | 'actions'>,
): { readonly nodes: readonly InventoryNode[]; readonly onlyAsks: boolean } {
  const all = selected(phase.nodes, inventory.value);
  if (limit === undefined) return { nodes: all, onlyAsks: false };
  const allowed = new Set(selected([limit], inventory.value).map((node) => node.name));
  const nodes = all.filter((node) => allowed.has(node.name));
  const onlyAsks = nodes.length === 0 && phase.steps.some((step) => asks(step, actions));
  return { nodes: onlyAsks ? all.slice(0, 1) : nodes, onlyAsks };
}

function asks(step: Step, actions: ReadonlyMap<string, Action>): boolean {
  return step.kind === 'uses' && actions.get(step.uses)?.asks !== undefined;
}

function selected(patterns: readonly string[], inventory: Inventory): readonly InventoryNode[] {
  const result = selectNodes(patterns, inventory);
  const [problem] = result.problems;
  if (problem) throw new Failure('document', problem.message, problem.detail === undefined ? [] : [problem.detail]);
  return result.nodes;
}
