import { type BoundStep, stepOf } from '../../actions/bound-step.ts';
import { drain } from '../../actions/drain.ts';
import type { DrainOptions } from '../../actions/lib/drain-options.ts';
import type { Facts } from '../../facts/facts.ts';
import { podsToDrain, type PodsToDrain } from '../../facts/lib/drain.ts';
import { nodeObjectFor } from '../../facts/lib/identity.ts';
import type { Guard } from '../guard.ts';
import { type Draft, findingOf } from './subject.ts';

export interface Drain {
  readonly facts: Facts;
  readonly pods: PodsToDrain;
  /** The Node object's name. */
  readonly object: string;
  /** The node's name in the inventory. */
  readonly node: string;
  readonly options: DrainOptions;
}

/** A guard of drain steps. `asItStands` judges the cluster when there is no step. */
export function drainGuard(
  about: Pick<Guard, 'id' | 'title' | 'source' | 'binding'> & { readonly readsPdbs?: true },
  judge: (drain: Drain) => readonly Draft[],
  asItStands?: (facts: Facts) => readonly Draft[],
): Guard {
  const { readsPdbs, ...rest } = about;
  return {
    ...rest,
    facts: ['nodes', 'pods', ...(readsPdbs ? (['pdbs'] as const) : []), 'machine', 'kubelet'],
    scope: 'step',
    ...(asItStands ? {} : { ofSteps: true as const }),
    check({ before, step }) {
      if (!step) return (asItStands?.(before) ?? []).map((draft) => findingOf(about, draft));
      const found = drainOf(before, stepOf(step, drain));
      return found ? judge(found).map((draft) => findingOf(about, { node: found.node, ...draft })) : [];
    },
  };
}

function drainOf(facts: Facts, step: BoundStep<DrainOptions> | undefined): Drain | undefined {
  const object = step && nodeObjectFor(facts, step.node.name)?.name;
  const pods = object === undefined ? undefined : podsToDrain(facts, object);
  return step && object !== undefined && pods
    ? { facts, pods, object, node: step.node.name, options: step.with }
    : undefined;
}

export function podNames(pods: PodsToDrain['naked']): string[] {
  return pods.map((pod) => `${pod.namespace}/${pod.name}`);
}
