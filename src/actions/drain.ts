import type { ClusterFacts, Facts } from '../facts/facts.ts';
import { copyOf } from '../facts/lib/changed-since.ts';
import { isOrphan } from '../facts/lib/drain.ts';
import { toDetach, volumeNames } from '../facts/lib/volumes.ts';
import type { NodeObject } from '../facts/nodes.ts';
import type { PodFact } from '../facts/pods.ts';
import { withNodeObject } from '../facts/lib/with-node.ts';
import type { Action, ActionContext, Verdict } from './action.ts';
import { type DrainOptions, drainSchema, LEAVE_OUT, parts, RESERVE, WAIT } from './lib/drain-options.ts';
import { pdbName, pdbsOver } from './lib/budgets.ts';
import { drainScript, HELD_PODS, isDown } from './lib/drain-script.ts';
import { DrainWatch } from './lib/drain-watch.ts';
import { secondsOf } from './lib/duration.ts';
import { evictablePods, podName } from './lib/evictable.ts';
import { cordoned, noteFailure } from './lib/kubectl.ts';
import { objectNameOf, objectOf, unknownObject } from './lib/subject.ts';
import { some } from './lib/verdict.ts';

export const drain: Action<DrainOptions> = {
  name: 'drain',
  summary: 'Cordon the node and evict its pods (kubectl drain)',
  schema: drainSchema,
  place: 'kubectl',
  effect: 'repeatable',
  timeout: WAIT,
  usually: 120_000,
  onTimeout: 'kill',
  facts: ['machine', 'kubelet', 'nodes', 'pods', 'volumeAttachments'],
  guards: [
    'membership',
    'same-machine',
    'others-ready',
    'drain-destroys',
    'drain-blocked',
    'drain-together',
    'drain-room',
    'drain-terminating',
    'drain-forecast',
    'webhooks',
  ],
  settle: 30_000,
  service: 'out',
  timeoutOf: ({ with: options }) => {
    if (options.onBlocked === 'wait') return WAIT;
    return (secondsOf(options.timeout) * parts(options) + RESERVE) * 1000;
  },
  leavesOutAt: (options) => (options.onBlocked === 'skip-node' ? LEAVE_OUT : undefined),
  knownHolders(context, holders) {
    const { cluster } = context.facts;
    const pods = evictablePods(cluster, objectNameOf(context), context.with.podSelector) ?? [];
    const held = pods.filter((pod) => pdbsOver(pod, cluster?.pdbs ?? []).some((pdb) => holders.includes(pdbName(pdb))));
    return held.length === 0 ? {} : { [HELD_PODS]: held.map(podName).join(' ') };
  },
  watch: (context, observing) => new DrainWatch(context, observing),
  noteFailure,
  script: drainScript,
  isDone(context) {
    const node = objectOf(context);
    if (!node) return { done: false, reason: unknownObject(context) };
    if (!node.unschedulable) return { done: false, reason: `${node.name} is schedulable` };
    return emptied(context, node, evictablePods(context.facts.cluster, node.name, context.with.podSelector));
  },
  verify(context, before) {
    const node = objectOf(context);
    if (!node) return { done: false, reason: unknownObject(context) };
    if (!node.unschedulable) return { done: false, reason: `${node.name} is not cordoned although kubectl exited 0` };
    // A pod that tolerates the cordon may have come since: only those that were there must be gone.
    const there = evictablePods(before.cluster, node.name)?.map(podName);
    const left = evictablePods(context.facts.cluster, node.name, context.with.podSelector);
    return emptied(
      context,
      node,
      left?.filter((pod) => there?.includes(podName(pod)) ?? true),
      context.with.onBlocked === 'force',
    );
  },
  project(context): Facts {
    const name = objectNameOf(context);
    const facts = withNodeObject(context.facts, name, (node) => cordoned(context, node));
    const leaving = evictablePods(facts.cluster, name, context.with.podSelector);
    if (!facts.cluster?.pods || !leaving) return facts;
    const pods = without(facts.cluster.pods, name, leaving);
    return { ...facts, cluster: { ...withoutVolumes(context, facts.cluster, name), pods } };
  },
};

function withoutVolumes({ with: options }: ActionContext<DrainOptions>, cluster: ClusterFacts, name: string) {
  const leaving = options.podSelector === undefined ? (toDetach(cluster, name) ?? []) : [];
  if (!cluster.volumeAttachments || leaving.length === 0) return cluster;
  return { ...cluster, volumeAttachments: cluster.volumeAttachments.filter((one) => !leaving.includes(one)) };
}

function emptied(
  { facts, with: options }: ActionContext<DrainOptions>,
  node: NodeObject,
  pods: readonly PodFact[] | undefined,
  mayKeepVolumes = false,
): Verdict {
  const { name } = node;
  if (!pods) return { done: false, reason: `the pods of ${name} are not known` };
  const left = isDown(node) ? pods.filter(({ deleting }) => !deleting) : pods;
  if (left.length > 0) return { done: false, reason: `still on ${name}: ${some(left.map(podName))}` };
  const volumes = options.podSelector === undefined && !mayKeepVolumes ? (toDetach(facts.cluster, name) ?? []) : [];
  if (volumes.length > 0) return { done: false, reason: `still attached to ${name}: ${some(volumeNames(volumes))}` };
  return { done: true, reason: `${name} is cordoned and no pod that a drain evicts is left on it` };
}

/** Once these are gone from the node. */
function without(pods: readonly PodFact[], node: string, gone: readonly PodFact[]): readonly PodFact[] {
  const left: (PodFact | undefined)[] = pods.slice();
  const places = gone.map((pod) => pods.indexOf(pod));
  for (const [index, pod] of gone.entries()) left[places[index] ?? -1] = elsewhere(pod, node);
  const still = left.filter((pod) => pod !== undefined);
  return still.length === pods.length ? copyOf(pods, still, places) : still;
}

/** Its controller, if there is one, makes it again on a node not known yet, or has done so for one that ends. */
function elsewhere(pod: PodFact, drainedFrom: string): PodFact | undefined {
  if (!pod.controller || pod.deleting || isOrphan(pod)) return undefined;
  const { node: _, ...rest } = pod;
  return { ...rest, drainedFrom };
}
