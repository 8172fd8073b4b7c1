import type { Scope } from '../documents/model.ts';
import { type ResultRead, readsOf } from '../documents/results.ts';
import type { Outcome } from '../event.ts';
import type { KnownRefs, Refs, RefsOfNodes, ResultOf, StepResult } from './refs.ts';

type Results = NonNullable<Scope['steps']>;

/** Where nothing was done: not planned for the node, or not reached. */
const SKIPPED: StepResult = { outcome: 'skipped', outputs: {} };

/** From the one that says most of a list of steps. */
const ORDER: readonly Outcome[] = ['failed', 'unknown', 'changed', 'unchanged', 'skipped'];

/** `steps` and `nodes` for these expressions: nothing where they read none. */
export function resultsFor(
  expressions: readonly string[],
  known: KnownRefs,
  result: ResultOf,
): Pick<Scope, 'steps' | 'nodes'> {
  const reads = expressions.flatMap(readsOf);
  const own = reads.filter(({ node }) => node === undefined);
  if (reads.length === 0) return {};
  return {
    ...(own.length > 0 && { steps: resultsOf(known.own, own, result) }),
    ...(own.length < reads.length && { nodes: ofNodes(known.nodes, reads, result) }),
  };
}

/** Every step with an id that comes before, and the ids that an expression names for one that was not planned. */
function resultsOf(refs: Refs, reads: readonly ResultRead[], result: ResultOf): Results {
  const ids = new Set([...refs.keys(), ...reads.flatMap(({ id }) => id ?? [])]);
  return Object.fromEntries([...ids].map((id) => [id, combined(refs.get(id) ?? [], result)]));
}

function ofNodes(nodes: RefsOfNodes, reads: readonly ResultRead[], result: ResultOf) {
  const named = reads.flatMap(({ node }) => (node === undefined || node === '' ? [] : [node]));
  const names = new Set(reads.some(({ node }) => node === '') ? [...nodes.names(), ...named] : named);
  return Object.fromEntries(
    [...names].map((name) => {
      const here = reads.filter(({ node }) => node === name || node === '');
      return [name, { steps: resultsOf(nodes.of(name), here, result) }];
    }),
  );
}

/** Steps planned for each of a list have the outputs of all, the last of equal keys, and the worst outcome. */
function combined(keys: readonly string[], result: ResultOf): StepResult {
  const known = keys.map((key) => result(key) ?? SKIPPED);
  return {
    outcome: ORDER.find((outcome) => known.some((one) => one.outcome === outcome)) ?? 'skipped',
    outputs: Object.assign({}, ...known.map(({ outputs }) => outputs)),
  };
}

/**
 * Whether only the run knows the value of an expression: it reads outputs of a planned step, or an outcome that cannot
 * be predicted.
 */
export function isOpen(expression: string, known: KnownRefs, predicted: ResultOf): boolean {
  return readsOf(expression).some(({ node, id, outcomeOnly }) => {
    if (node === '' || id === undefined) return true;
    const refs = node === undefined ? known.own : known.nodes.of(node);
    const keys = refs.get(id) ?? [];
    return outcomeOnly ? keys.some((key) => predicted(key) === undefined) : keys.length > 0;
  });
}

/** Whether an expression reads a result of any step that is planned; of one that is not, the result is known. */
export function readsPlanned(expression: string, known: KnownRefs): boolean {
  return readsOf(expression).some(({ node, id }) => {
    if (node === '' || id === undefined) return true;
    const refs = node === undefined ? known.own : known.nodes.of(node);
    return (refs.get(id)?.length ?? 0) > 0;
  });
}
