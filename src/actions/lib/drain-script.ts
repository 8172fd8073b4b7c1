import { keepsVolumes } from '../../facts/lib/volumes.ts';
import type { NodeObject } from '../../facts/nodes.ts';
import { quote } from '../../transport/quote.ts';
import type { ActionContext, StepScript } from '../action.ts';
import { type DrainOptions, LEAVE_OUT, parts, RESERVE, WAIT } from './drain-options.ts';
import { secondsOf } from './duration.ts';
import { isCordoned, kubectl, markOurs, unmark } from './kubectl.ts';
import { objectNameOf, objectOf } from './subject.ts';

/** Variable with the pods (`namespace/name`) whose budgets left out other nodes of the run. */
export const HELD_PODS = 'RUNBOOK_HELD_PODS';
/** Seconds for a drain that such a budget holds. */
const KNOWN_HOLDER = 30;

export function drainScript(context: ActionContext<DrainOptions>): StepScript {
  const options = context.with;
  const seconds = patience(context);
  const command = drainCommand(context, seconds);
  const forced = drainCommand(context, seconds, '--disable-eviction');
  const { onBlocked } = options;
  const text = [
    'set -u',
    ...markOurs(context),
    'leave=no',
    ...(onBlocked === 'wait' ? ['began=$(date +%s)'] : []),
    ...detached(context, seconds),
    ...(onBlocked === 'skip-node' ? triedBefore(context) : []),
    `${onBlocked === 'skip-node' ? 'if tried; then :\nelif' : 'if'} ${command}; then detached; rc=$?`,
    'else',
    '  rc=$?',
    ...(onBlocked === 'skip-node' || onBlocked === 'force' ? whatHeld(context, forced) : []),
    'fi',
    'if [ "$rc" = 0 ]; then exit 0; fi',
    ...comeBack(context),
    `if [ "$leave" = yes ]; then exit ${LEAVE_OUT}; fi`,
    'exit "$rc"',
  ];
  return { commands: onBlocked === 'force' ? [command, forced] : [command], text: `${text.join('\n')}\n` };
}

function drainCommand(context: ActionContext<DrainOptions>, seconds: number, ...more: readonly string[]): string {
  return kubectl(context, 'drain', objectNameOf(context), ...flags(context, seconds), ...more);
}

/** Seconds that kubectl gets, and volumes after it, so that it ends before the step's own time limit does. */
function patience({ with: options, limit }: ActionContext<DrainOptions>): number {
  const reserved = (ms: number) => Math.max(1, Math.floor(ms / 1000 - Math.min(RESERVE, ms / 4000)));
  if (options.onBlocked === 'wait') return reserved(limit ?? WAIT);
  const wanted = secondsOf(options.timeout);
  if (limit === undefined) return wanted;
  return Math.min(wanted, Math.max(1, Math.floor(reserved(limit) / parts(options))));
}

/**
 * Shell function for a node with pods of a budget that has held another drain of the run for its whole time: if it
 * still holds them after half a minute, the node is left out. False: the drain is to be done as any other.
 */
function triedBefore(context: ActionContext<DrainOptions>): string[] {
  return [
    'tried() {',
    `  [ -n "\${${HELD_PODS}:-}" ] || return 1`,
    `  if ${drainCommand(context, KNOWN_HOLDER)}; then detached; rc=$?; return 0; fi`,
    `  if why=$(${drainCommand(context, 5)} 2>&1); then printf '%s\\n' "$why"; detached; rc=$?; return 0; else rc=$?; fi`,
    '  printf \'%s\\n\' "$why" >&2',
    `  for pod in $${HELD_PODS}; do`,
    '    case $why in',
    '    *"error when evicting pod"*"\\"${pod#*/}\\" -n \\"${pod%%/*}\\""*) leave=yes; return 0 ;;',
    '    esac',
    '  done',
    '  return 1',
    '}',
  ];
}

/** kubectl's exit status does not tell why: one more short try does, and may even succeed. */
function whatHeld(context: ActionContext<DrainOptions>, forced: string): string[] {
  const { onBlocked, reason = '' } = context.with;
  const bypass = [
    `      printf 'PodDisruptionBudgets are bypassed, because: %s\\n' ${quote(reason)}`,
    `      if ${forced}; then detached; rc=$?; else rc=$?; fi`,
  ];
  return [
    `  if why=$(${drainCommand(context, 5)} 2>&1); then printf '%s\\n' "$why"; detached; rc=$?`,
    '  else',
    '    printf \'%s\\n\' "$why" >&2',
    '    case $why in',
    "    *'disruption budget'*|*PodDisruptionBudget*)",
    ...(onBlocked === 'force' ? bypass : ['      leave=yes']),
    '      ;;',
    '    esac',
    '  fi',
  ];
}

/**
 * Shell function that waits until no volume is attached to the node, which takes the CSI driver some time after the
 * pods are gone. What then happens to a node that keeps one is up to `onBlocked`.
 */
function detached(context: ActionContext<DrainOptions>, seconds: number): string[] {
  const { onBlocked, podSelector, reason = '' } = context.with;
  const node = objectNameOf(context);
  if (podSelector !== undefined || keepsVolumes(context.facts.cluster, node)) return ['detached() { :; }'];
  const path = `jsonpath={range .items[?(@.spec.nodeName=="${node}")]}{.spec.source.persistentVolumeName}{" ("}{.metadata.name}{") "}{end}`;
  const policy: Readonly<Record<DrainOptions['onBlocked'], string>> = {
    fail: 'return 1',
    wait: 'return 1',
    'skip-node': 'leave=yes; return 1',
    force: `printf 'volumes are left attached, because: %s\\n' ${quote(reason)}; return 0`,
  };
  return [
    'detached() {',
    '  waited=0',
    `  until volumes=$(${kubectl(context, '--request-timeout=20s', 'get', 'volumeattachments.storage.k8s.io', '-o', path)}) && [ -z "$volumes" ]; do`,
    '    if [ "$waited" = 0 ]; then echo "the pods are gone; waiting for volumes to be detached: $volumes"; fi',
    `    if ${onBlocked === 'wait' ? `[ $(($(date +%s) - began)) -ge ${seconds} ]` : `[ "$waited" -ge ${seconds} ]`}; then`,
    `      echo "volumes are still attached to ${node} after ${seconds} s: $volumes" >&2`,
    `      ${policy[onBlocked]}`,
    '    fi',
    '    sleep 2',
    '    waited=$((waited + 2))',
    '  done',
    '}',
  ];
}

/** A kubelet that is down ends no pod: those whose grace period ended a minute ago are not waited for. */
const SKIP = '--skip-wait-for-delete-timeout=60';

export function isDown(node: NodeObject | undefined): boolean {
  return node?.ready === false && !node.controlPlane;
}

function flags(context: ActionContext<DrainOptions>, seconds: number): string[] {
  const options = context.with;
  return [
    '--ignore-daemonsets',
    `--timeout=${seconds}s`,
    ...(isDown(objectOf(context)) ? [SKIP] : []),
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
