import type { NodeObject } from '../../facts/nodes.ts';
import type { ActionContext } from '../action.ts';
import { quote } from '../../transport/quote.ts';
import { objectNameOf, objectOf } from './subject.ts';

/** Set before a node is cordoned, with the run's id: what it names was schedulable before that run. */
export const CORDONED_BY = 'runbook/cordoned-by';
/** Set on a node that stays cordoned because something failed on it, with the reason. */
export const FAILED = 'runbook/failed';

/** `kubectl --kubeconfig FILE ...`, each word quoted where it must be. */
export function kubectl(context: ActionContext<unknown>, ...words: readonly string[]): string {
  return ['kubectl', '--kubeconfig', context.settings.kubeconfig, ...words].map(quote).join(' ');
}

/** A command that prints one field of the Node object, empty where it is unset. */
function nodeField(context: ActionContext<unknown>, path: string): string {
  return kubectl(context, 'get', 'node', objectNameOf(context), '-o', `jsonpath={${path}}`);
}

/**
 * Shell lines that set `ours` to yes when this run cordons (or already has cordoned) the node, after marking the node;
 * a node that someone else had cordoned is not marked. $RUNBOOK_RUN names the run: a script may be older than its run.
 */
export function markOurs(context: ActionContext<unknown>): readonly string[] {
  const node = quote(objectNameOf(context));
  return [
    `run=${quote(context.run)}`,
    'run=${RUNBOOK_RUN:-$run}',
    'ours=no',
    `cordoned=$(${nodeField(context, '.spec.unschedulable')}) || exit`,
    'if [ "$cordoned" != true ]; then',
    `  ${kubectl(context, 'annotate', 'node')} ${node} "${CORDONED_BY}=$run" --overwrite || exit`,
    '  ours=yes',
    `elif mark=$(${nodeField(context, `.metadata.annotations.${CORDONED_BY}`)}) && [ "$mark" = "$run" ]; then`,
    '  ours=yes',
    'fi',
  ];
}

/** Shell condition: the Node object was read and is (not) cordoned; kubectl exits 0 although its own patch failed. */
export function isCordoned(context: ActionContext<unknown>, wanted: boolean): string {
  return `cordoned=$(${nodeField(context, '.spec.unschedulable')}) && [ "$cordoned" ${wanted ? '=' : '!='} true ]`;
}

/** Shell line that takes our annotations away. */
export function unmark(context: ActionContext<unknown>): string {
  return kubectl(context, 'annotate', 'node', objectNameOf(context), `${CORDONED_BY}-`, `${FAILED}-`);
}

/** The Node object cordoned, marked as ours only where it was schedulable. */
export function cordoned(context: ActionContext<unknown>, node: NodeObject): NodeObject {
  if (node.unschedulable) return node;
  return { ...node, unschedulable: true, annotations: { ...node.annotations, [CORDONED_BY]: context.run } };
}

/** Writes the reason on the Node object of a node that was left out of service, where one is known. */
export function noteFailure(context: ActionContext<unknown>, reason: string): string | undefined {
  const object = objectOf(context)?.name;
  if (object === undefined) return undefined;
  return kubectl(context, '--request-timeout=20s', 'annotate', '--overwrite', 'node', object, `${FAILED}=${reason}`);
}
