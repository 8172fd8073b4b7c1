import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import { isOrphan } from '../facts/lib/drain.ts';
import type { PodFact } from '../facts/pods.ts';
import { withNodeObject, type Action, type ActionContext, type StepScript, type Verdict } from './action.ts';
import { duration, secondsOf } from './lib/duration.ts';
import { DrainWatch } from './lib/drain-watch.ts';
import { evictablePods, podName, podSelector } from './lib/evictable.ts';
import { cordoned, isCordoned, kubectl, markOurs, noteFailure, unmark } from './lib/kubectl.ts';
import { quote } from '../transport/quote.ts';
import { objectNameOf, objectOf, unknownObject } from './lib/subject.ts';
import { some } from './lib/verdict.ts';

/** The exit status of a drain whose node is to be left out (sysexits.h: EX_TEMPFAIL). */
const LEAVE_OUT = 75;
/** Between kubectl's own limit and the step's: a node that is given back needs some seconds. */
const RESERVE = 120;
/** As long as `wait` waits where the step says nothing. Milliseconds. */
const WAIT = 7_200_000;

const policies = ['fail', 'wait', 'skip-node', 'force'] as const;

const fields = z.strictObject({
  timeout: duration
    .default('10m')
    .describe('How long kubectl tries before it gives up, e.g. while a PodDisruptionBudget refuses'),
  force: z.boolean().default(false).describe('Delete pods without a controller too, permanently'),
  deleteEmptydirData: z
    .boolean()
    .default(false)
    .describe('Evict pods with emptyDir volumes too: what is in them is lost'),
  gracePeriod: z.number().int().min(0).optional().describe('Seconds that each pod gets to end, in place of its own'),
  podSelector: podSelector.optional().describe('Only pods with these labels, e.g. app=web'),
  onBlocked: z
    .enum(policies)
    .default('fail')
    .describe(
      "What to do where PodDisruptionBudgets held the drain for its timeout: fail; wait for them up to the step's own time limit; skip-node leaves the node out where they still hold it; force deletes the pods all the same",
    ),
  reason: z
    .string()
    .regex(/^[^\n\r]*$/, 'one line')
    .optional()
    .describe('Why PodDisruptionBudgets may be overridden; required for `onBlocked: force`'),
});
const schema = fields.refine((options) => options.onBlocked !== 'force' || (options.reason ?? '').trim() !== '', {
  path: ['reason'],
  error: '`onBlocked: force` overrides PodDisruptionBudgets: say why in `reason`',
});
export type DrainOptions = z.infer<typeof schema>;

export const drain: Action<DrainOptions> = {
  name: 'drain',
  summary: 'Cordon the node and evict its pods (kubectl drain)',
  schema,
  place: 'kubectl',
  effect: 'repeatable',
  timeout: WAIT,
  onTimeout: 'kill',
  facts: ['machine', 'kubelet', 'nodes', 'pods'],
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
    return (secondsOf(options.timeout) * (options.onBlocked === 'force' ? 2 : 1) + RESERVE) * 1000;
  },
  leavesOutAt: (options) => (options.onBlocked === 'skip-node' ? LEAVE_OUT : undefined),
  watch: (context, observing) => new DrainWatch(context, observing),
  noteFailure,
  script: drainScript,
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
    const gone = new Set(leaving);
    const pods: PodFact[] = [];
    for (const pod of facts.cluster.pods) {
      if (pod.node !== name || !gone.has(pod)) pods.push(pod);
      else pods.push(...elsewhere(pod));
    }
    return { ...facts, cluster: { ...facts.cluster, pods } };
  },
};

function drainScript(context: ActionContext<DrainOptions>): StepScript {
  const options = context.with;
  const seconds = patience(context);
  const command = drainCommand(context, seconds);
  const forced = drainCommand(context, seconds, '--disable-eviction');
  const text = [
    'set -u',
    ...markOurs(context),
    `if ${command}; then exit 0; else rc=$?; fi`,
    ...whatHeld(context),
    ...(options.onBlocked === 'force' ? passOver(options.reason ?? '', forced) : []),
    ...comeBack(context),
    ...(options.onBlocked === 'skip-node' ? [`if [ "$budget" = yes ]; then exit ${LEAVE_OUT}; fi`] : []),
    'exit "$rc"',
  ];
  return { commands: options.onBlocked === 'force' ? [command, forced] : [command], text: `${text.join('\n')}\n` };
}

function drainCommand(context: ActionContext<DrainOptions>, seconds: number, ...more: readonly string[]): string {
  return kubectl(context, 'drain', objectNameOf(context), ...flags(context.with, seconds), ...more);
}

/** Seconds that kubectl gets, so that it ends before the step's own time limit does. */
function patience({ with: options, limit }: ActionContext<DrainOptions>): number {
  const reserved = (ms: number) => Math.max(1, Math.floor(ms / 1000 - Math.min(RESERVE, ms / 4000)));
  if (options.onBlocked === 'wait') return reserved(limit ?? WAIT);
  const wanted = secondsOf(options.timeout);
  if (limit === undefined) return wanted;
  return Math.min(wanted, Math.max(1, Math.floor(reserved(limit) / (options.onBlocked === 'force' ? 2 : 1))));
}

/** kubectl's exit status does not tell why: one more short try does, and may even succeed. */
function whatHeld(context: ActionContext<DrainOptions>): string[] {
  if (context.with.onBlocked !== 'skip-node' && context.with.onBlocked !== 'force') return [];
  return [
    'budget=no',
    `if why=$(${drainCommand(context, 5)} 2>&1); then printf '%s\\n' "$why"; exit 0; fi`,
    'printf \'%s\\n\' "$why" >&2',
    'case $why in',
    "  *'disruption budget'*|*PodDisruptionBudget*) budget=yes ;;",
    'esac',
  ];
}

function passOver(reason: string, command: string): string[] {
  return [
    'if [ "$budget" = yes ]; then',
    `  printf 'PodDisruptionBudgets are bypassed, because: %s\\n' ${quote(reason)}`,
    `  if ${command}; then exit 0; else rc=$?; fi`,
    'fi',
  ];
}

function flags(options: DrainOptions, seconds: number): string[] {
  return [
    '--ignore-daemonsets',
    `--timeout=${seconds}s`,
    ...(options.force ? ['--force'] : []),
    ...(options.deleteEmptydirData ? ['--delete-emptydir-data'] : []),
    ...(options.gracePeriod === undefined ? [] : [`--grace-period=${options.gracePeriod}`]),
    ...(options.podSelector === undefined ? [] : [`--pod-selector=${options.podSelector}`]),
  ];
}

/** A failed drain leaves the node cordoned and its capacity lost. Undo our cordon: nothing on the node changed yet. */
function comeBack(context: ActionContext<DrainOptions>): string[] {
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

/** Its controller, if there is one, makes it again on a node that is not known yet. */
function elsewhere(pod: PodFact): PodFact[] {
  if (!pod.controller || isOrphan(pod)) return [];
  const { node: _, ...rest } = pod;
  return [rest];
}
