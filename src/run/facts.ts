import { stepsOf } from '../documents/steps-of.ts';
import { actions } from '../actions/registry.ts';
import type { FactSource } from '../engine/fact-source.ts';
import type { Facts } from '../facts/facts.ts';
import { decidingFacts } from '../facts/lib/deciding.ts';
import { minorOf, minorText } from '../facts/lib/version.ts';
import { FactError } from '../facts/fact.ts';
import { Failure } from '../failure.ts';
import { differences } from '../plan/digest.ts';
import { hopMinors, hopsTarget } from '../plan/hops.ts';
import type { Console } from './console.ts';
import type { Documents } from './load.ts';
import type { Scope } from './scope.ts';

export interface Reading<Source extends FactSource = FactSource> {
  readonly facts: Facts;
  /** Reads the same facts again: with hops, it also asks the repositories of the minors in between. */
  readonly observer: Source;
}

/** A source that stays of its kind. */
type Asking<Source> = Omit<FactSource, 'offering'> & { offering(minors: readonly string[]): Source };

/** Reads what the plan is made from. @throws Failure (guard-refused) when a fact cannot be read */
export async function readFacts<Source extends Asking<Source> & FactSource>(
  console: Console,
  documents: Documents,
  observer: Source,
  scope: Scope,
): Promise<Reading<Source>> {
  const { runbook, inventory, inputs, chosen } = documents;
  // Without any control plane this fails here, and not at a step in the middle of the run.
  if (asksKubectl(documents)) observer.kubectlHost();
  if (!runbook.value.hops) return { observer, facts: await read(console, observer, scope) };
  const to = hopsTarget(runbook.value, inventory.value, inputs);
  const asked = [...new Set([...scope.minors, minorOf(to)])];
  const asking = observer.offering(asked);
  const facts = await read(console, asking, scope);
  // Only the cluster's version shows which minors lie in between, and most often there are none.
  const minors = hopMinors(to, facts, chosen).map(minorText);
  if (minors.every((minor) => asked.includes(minor))) return { observer: asking, facts };
  const askingAll = observer.offering([...new Set([...asked, ...minors])]);
  return { observer: askingAll, facts: await orFailure(askingAll.read(facts, scope.nodes, ['offered'])) };
}

/**
 * Someone else may have changed the cluster since the plan.
 * @returns the facts as they are now
 * @throws Failure (guard-refused) with what changed
 */
export async function refuseMovedFacts(console: Console, { facts, observer }: Reading, scope: Scope): Promise<Facts> {
  const now = await read(console, observer, scope);
  const moved = differences(decidingFacts(facts), decidingFacts(now));
  if (moved.length === 0) return now;
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

async function read(console: Console, observer: FactSource, { nodes, facts }: Scope): Promise<Facts> {
  if (facts.length === 0) return { nodes: {} };
  console.emit({ type: 'facts', nodes, ...observer.kept });
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
