import { factsIn } from '../documents/expressions.ts';
import { Failure } from '../failure.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import { withLooked } from '../facts/lib/looked.ts';
import { minorOf } from '../facts/lib/version.ts';
import { withNodes } from '../facts/lib/with-node.ts';
import { leftNodes } from '../journal/passes.ts';
import { isSettled } from '../journal/progress.ts';
import { askedBeforeSteps, guards } from '../guards/registry.ts';
import type { DraftedStep } from '../plan/bind.ts';
import { factsOfTemplates } from '../plan/filled.ts';
import { contactedNodes } from '../plan/plan.ts';
import type { RunContext } from './context.ts';
import { readLooked } from './files.ts';
import type { Observer } from './observe.ts';
import { isTrouble } from './trouble.ts';

/** How long to ask again for facts that an unsettled cluster does not give, or a guard that refuses. Milliseconds. */
export const PATIENCE = 90_000;

/** What {@link refresh} reads besides. */
export interface Also {
  /** The facts of all nodes. */
  readonly everywhere?: boolean;
  /** Other steps of the node whose files, packages and units matter for this one. */
  readonly others?: readonly DraftedStep[];
  /** The step has run: what repositories offer does not matter any more. */
  readonly after?: boolean;
}

/**
 * The step's facts as they were read before, where no attempt or other step may have changed them since. Undefined:
 * they have to be read.
 */
export async function currentFacts(
  context: RunContext,
  step: DraftedStep,
  ids: readonly FactId[],
  others: readonly DraftedStep[],
): Promise<Facts | undefined> {
  const { facts } = context;
  if (!facts || mayStillRun(context) || !observerFor(context, step).isCurrent(step.node.name, ids)) return undefined;
  return looked(context, facts, [step, ...others], true);
}

const NOTHING: Facts = { nodes: {} };

/** An attempt of an earlier controller whose end is not known may change anything at any time. */
function mayStillRun({ state, progress }: RunContext): boolean {
  const isOpen = (key: string): boolean => {
    const step = progress.get(key);
    return step?.last !== undefined && step.last.ended === undefined && !isSettled(step);
  };
  state.open = (state.open ?? [...progress.keys()]).filter(isOpen);
  return state.open.length > 0;
}

/** Rereads and keeps the step's facts, of its node or of all nodes. @throws Failure after `patience` milliseconds */
export async function refresh(
  context: RunContext,
  step: DraftedStep,
  ids: readonly FactId[],
  patience: number,
  { everywhere = false, others = [], after = false }: Also = {},
): Promise<Facts> {
  const facts = await refreshFacts(context, step, ids, patience, everywhere);
  return looked(context, facts, [step, ...others], !after);
}

async function looked(
  { links, state }: RunContext,
  facts: Facts,
  steps: readonly DraftedStep[],
  offers: boolean,
): Promise<Facts> {
  return withLooked(facts, await readLooked(links, state.localFiles, steps, facts, offers));
}

/** {@link refresh} without the files, packages and units that steps look at. */
export async function refreshFacts(
  context: RunContext,
  step: DraftedStep,
  ids: readonly FactId[],
  patience: number,
  everywhere: boolean,
): Promise<Facts> {
  const { state } = context;
  if (ids.length === 0) {
    // Also where nothing is read, kubectl is not asked for on a node that has left.
    if (!context.facts) present(context);
    return context.facts ?? NOTHING;
  }
  if (context.facts) return readAgain(context, step, ids, patience, everywhere);
  const first = state.firstReading;
  if (!first) {
    state.firstReading = readAgain(context, step, ids, patience, everywhere).finally(() => {
      state.firstReading = undefined;
    });
    return state.firstReading;
  }
  await first.catch(() => undefined);
  return refreshFacts(context, step, ids, patience, everywhere);
}

async function readAgain(
  context: RunContext,
  step: DraftedStep,
  ids: readonly FactId[],
  patience: number,
  everywhere: boolean,
): Promise<Facts> {
  const known = context.facts;
  const names = known && !everywhere ? [step.node.name] : present(context);
  const all = known ? ids : neededFacts(context.phases.flatMap((phase) => phase.steps));
  try {
    const fresh = await observerFor(context, step).readPatiently(
      known ?? { nodes: {} },
      names,
      all,
      patience,
      step.node.role === 'control-plane' ? step.node.name : undefined,
    );
    // Another node of the batch may have read meanwhile: keep its facts, take the newer cluster.
    context.facts = { ...fresh, nodes: withNodes(context.facts?.nodes ?? {}, names, fresh.nodes) };
    return context.facts;
  } catch (error) {
    if (!isTrouble(error) || error instanceof Failure) throw error;
    throw new Failure(
      'step-failed',
      `cannot read the facts that ${step.id} on ${step.node.name} needs: ${error.message}`,
      ['Nothing was started on it. Fix what keeps them from being read, then run `runbook resume`.'],
      { cause: error },
    );
  }
}

/** The nodes that the run contacts, but those that have left the cluster in it: they may be switched off. */
function present({ plan, progress, observer }: RunContext): string[] {
  const left = leftNodes(plan, progress);
  for (const name of left) observer.setApart(name);
  return contactedNodes(plan).filter((name) => !left.has(name));
}

/** A step of one hop needs to know what the repositories of the others offer only once, at the beginning. */
function observerFor(
  context: RunContext,
  { scope: { hop } }: DraftedStep,
): Pick<Observer, 'readPatiently' | 'isCurrent'> {
  return context.facts && hop ? context.observer.offering([minorOf(hop.version)]) : context.observer;
}

/** The facts that deciding on these steps reads. */
export function neededFacts(steps: readonly DraftedStep[]): FactId[] {
  const ids = new Set<FactId>();
  for (const { action, node, if: condition, deferred, filled, view } of steps) {
    for (const id of action.facts) ids.add(id);
    for (const name of askedBeforeSteps(action.guards)) {
      const guard = guards.get(name);
      if (guard?.roles?.includes(node.role) === false) continue;
      for (const id of guard?.facts ?? []) ids.add(id);
    }
    if (filled !== undefined)
      for (const id of factsOfTemplates(view.nodes.some(({ role }) => role === 'control-plane'))) ids.add(id);
    if (deferred) for (const id of factsIn(deferred)) ids.add(id);
    if (condition !== undefined) for (const id of factsIn(condition, true)) ids.add(id);
  }
  return [...ids];
}
