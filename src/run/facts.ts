import { stepsOf } from '../documents/steps-of.ts';
import { actions } from '../actions/registry.ts';
import type { Observer } from '../engine/observe.ts';
import type { Facts } from '../facts/facts.ts';
import { decidingFacts } from '../facts/lib/deciding.ts';
import { minorText } from '../facts/lib/version.ts';
import { FactError } from '../facts/fact.ts';
import { Failure } from '../failure.ts';
import { differences } from '../plan/digest.ts';
import { hopMinors, hopsTarget } from '../plan/hops.ts';
import type { Console } from './console.ts';
import type { Documents } from './load.ts';
import type { Scope } from './scope.ts';

export interface Reading {
  readonly facts: Facts;
  /** Reads the same facts again: with hops, it also asks the repositories of the minors in between. */
  readonly observer: Observer;
}

/** Reads what the plan is made from. @throws Failure (guard-refused) when a fact cannot be read */
export async function readFacts(
  console: Console,
  documents: Documents,
  observer: Observer,
  scope: Scope,
): Promise<Reading> {
  const { runbook, inventory, inputs, chosen } = documents;
  // Without any control plane this fails here, and not at a step in the middle of the run.
  if (asksKubectl(documents)) observer.kubectlHost();
  if (!runbook.value.hops) return { observer, facts: await read(console, observer, scope) };
  // Only the cluster's version shows which minors lie in between.
  const known = await read(console, observer, { ...scope, facts: scope.facts.filter((id) => id !== 'offered') });
  const minors = hopMinors(hopsTarget(runbook.value, inventory.value, inputs), known, chosen).map(minorText);
  const asking = observer.offering([...new Set([...scope.minors, ...minors])]);
  return { observer: asking, facts: await orFailure(asking.read(known, scope.nodes, ['offered'])) };
}

/** Someone else may have changed the cluster since the plan. @throws Failure (guard-refused) with what changed */
export async function refuseMovedFacts(console: Console, { facts, observer }: Reading, scope: Scope): Promise<void> {
  const now = await read(console, observer, scope);
  const moved = differences(decidingFacts(facts), decidingFacts(now));
  if (moved.length === 0) return;
  throw new Failure('guard-refused', 'the cluster changed after it was planned; this run changed nothing', [
    ...moved,
    'Find out who else works on it, then plan again.',
  ]);
}

function asksKubectl({ runbook }: Documents): boolean {
  return runbook.value.phases.some((phase) =>
    stepsOf(phase).some((step) => step.kind === 'uses' && actions.get(step.uses)?.place === 'kubectl'),
  );
}

async function read(console: Console, observer: Observer, { nodes, facts }: Scope): Promise<Facts> {
  if (facts.length === 0) return { nodes: {} };
  console.emit({ type: 'facts', nodes });
  return orFailure(observer.read({ nodes: {} }, nodes, facts));
}

async function orFailure(reading: Promise<Facts>): Promise<Facts> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof FactError)) throw error;
    throw new Failure('guard-refused', `cannot read the facts that the plan needs: ${error.message}`, [
      'Nothing was changed.',
    ]);
  }
}
