import { z } from 'zod';
import type { ClusterFacts } from '../../facts/facts.ts';
import { stays } from '../../facts/lib/drain.ts';
import { podsOn } from '../../facts/lib/pods-on.ts';
import type { PodFact } from '../../facts/pods.ts';

const REQUIREMENT = /^(!?)([\w./-]+?)(?:(!?==?)([\w.-]*))?$/;

/** A label selector of equality requirements, as in `kubectl drain --pod-selector`: `app=web,tier!=db,!canary`. */
export const podSelector = z
  .string()
  .refine(
    (text) => text.split(',').every((part) => REQUIREMENT.test(part)),
    'requirements such as app=web,tier!=db (no `in (...)`)',
  );

/**
 * The pods that `kubectl drain --ignore-daemonsets` removes from a node: all but mirrors of static pods and pods of
 * DaemonSets that exist. Undefined where the pods are not known.
 */
export function evictablePods(
  cluster: ClusterFacts | undefined,
  node: string,
  selector?: string,
): readonly PodFact[] | undefined {
  return podsOn(cluster, node)?.filter((pod) => !stays(pod) && selects(selector, pod.labels));
}

export function podName(pod: PodFact): string {
  return `${pod.namespace}/${pod.name}`;
}

function selects(selector: string | undefined, labels: Readonly<Record<string, string>>): boolean {
  return (selector ?? '').split(',').every((part) => {
    const [, not, key, operator, value] = REQUIREMENT.exec(part) ?? [];
    if (key === undefined) return true;
    if (operator === undefined) return (labels[key] !== undefined) === (not === '');
    return (labels[key] === value) === (operator !== '!=');
  });
}
