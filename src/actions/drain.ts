import { z } from 'zod';
import type { Facts, PodFact } from '../facts/facts.ts';
import { withNodeObject, type Action, type ActionContext, type Verdict } from './action.ts';
import { duration, secondsOf } from './duration.ts';
import { evictablePods, podName, podSelector } from './evictable.ts';
import { cordoned, isCordoned, kubectl, markOurs, unmark } from './kubectl.ts';
import { quote } from './shell.ts';
import { objectNameOf, objectOf, unknownObject } from './subject.ts';
import { some } from './verdict.ts';

const schema = z.strictObject({
  timeout: duration
    .default('10m')
    .describe('How long kubectl tries before it gives up, e.g. while a PodDisruptionBudget refuses'),
  force: z.boolean().default(false).describe('Delete pods without a controller too, for good'),
  deleteEmptydirData: z
    .boolean()
    .default(false)
    .describe('Evict pods with emptyDir volumes too: what is in them is lost'),
  gracePeriod: z.number().int().min(0).optional().describe('Seconds that each pod gets to end, in place of its own'),
  podSelector: podSelector.optional().describe('Only pods with these labels, e.g. app=web'),
});
type With = z.infer<typeof schema>;

export const drain: Action<With> = {
  name: 'drain',
  summary: 'Cordon the node and evict its pods (kubectl drain)',
  schema,
  place: 'kubectl',
  effect: 'repeatable',
  timeout: 7_200_000,
  onTimeout: 'kill',
  facts: ['machine', 'kubelet', 'nodes', 'pods'],
  guards: ['membership', 'same-machine', 'others-ready', 'drain-destroys', 'drain-blocked', 'webhooks'],
  settle: 30_000,
  service: 'out',
  timeoutOf: (context) => (secondsOf(context.with.timeout) + 120) * 1000,
  script(context) {
    const command = kubectl(context, 'drain', objectNameOf(context), ...flags(context.with));
    const text = [
      'set -u',
      ...markOurs(context),
      `if ${command}; then exit 0; else rc=$?; fi`,
      ...comeBack(context),
      'exit "$rc"',
    ];
    return { commands: [command], text: `${text.join('\n')}\n` };
  },
  isDone(context) {
    const node = objectOf(context);
    if (!node) return { done: false, reason: unknownObject(context) };
    if (!node.unschedulable) return { done: false, reason: `${node.name} is schedulable` };
    return emptied(node.name, evictablePods(context.facts.cluster, node.name, context.with.podSelector));
  },
  verify(context, before) {
    const node = objectOf(context);
    if (!node) return { done: false, reason: unknownObject(context) };
    if (!node.unschedulable) return { done: false, reason: `${node.name} is not cordoned although kubectl exited 0` };
    // A pod that tolerates the cordon may have come since: only those that were there must be gone.
    const there = evictablePods(before.cluster, node.name)?.map(podName);
    const left = evictablePods(context.facts.cluster, node.name, context.with.podSelector);
    return emptied(
      node.name,
      left?.filter((pod) => there?.includes(podName(pod)) ?? true),
    );
  },
  project(context): Facts {
    const name = objectNameOf(context);
    const facts = withNodeObject(context.facts, name, (node) => cordoned(context, node));
    const leaving = evictablePods(facts.cluster, name, context.with.podSelector);
    if (!facts.cluster?.pods || !leaving) return facts;
    const pods = facts.cluster.pods.flatMap((pod) => (leaving.includes(pod) ? elsewhere(pod) : [pod]));
    return { ...facts, cluster: { ...facts.cluster, pods } };
  },
};

function flags(options: With): string[] {
  return [
    '--ignore-daemonsets',
    `--timeout=${secondsOf(options.timeout)}s`,
    ...(options.force ? ['--force'] : []),
    ...(options.deleteEmptydirData ? ['--delete-emptydir-data'] : []),
    ...(options.gracePeriod === undefined ? [] : [`--grace-period=${options.gracePeriod}`]),
    ...(options.podSelector === undefined ? [] : [`--pod-selector=${options.podSelector}`]),
  ];
}

/** A failed drain leaves the node cordoned, its capacity lost: give back what was ours, nothing on the node has changed yet. */
function comeBack(context: ActionContext<With>): string[] {
  const name = objectNameOf(context);
  return [
    'if [ "$ours" = yes ]; then',
    `  echo "the drain failed (exit $rc), so it is uncordoned again:" ${quote(name)} >&2`,
    `  if ${kubectl(context, 'uncordon', name)} && ${isCordoned(context, false)}; then`,
    `    ${unmark(context)} || :`,
    '  fi',
    'fi',
  ];
}

function emptied(name: string, left: readonly PodFact[] | undefined): Verdict {
  if (!left) return { done: false, reason: `the pods of ${name} are not known` };
  if (left.length > 0) return { done: false, reason: `still on ${name}: ${some(left.map(podName))}` };
  return { done: true, reason: `${name} is cordoned and no pod that a drain evicts is left on it` };
}

/** Its controller makes it anew on a node that nobody can foretell; without one it is gone. */
function elsewhere(pod: PodFact): PodFact[] {
  if (!pod.controller) return [];
  const { node: _, ...rest } = pod;
  return [rest];
}
