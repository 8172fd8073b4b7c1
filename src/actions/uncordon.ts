import { z } from 'zod';
import type { NodeObject } from '../facts/nodes.ts';
import { withNodeObject } from '../facts/lib/with-node.ts';
import type { Action } from './action.ts';
import { CORDONED_BY, FAILED, isCordoned, kubectl, noteFailure, unmark } from './lib/kubectl.ts';
import { objectNameOf, objectOf, unknownObject } from './lib/subject.ts';

const schema = z.strictObject({});

export const uncordon: Action<z.infer<typeof schema>> = {
  name: 'uncordon',
  summary: 'Let pods onto the node again (kubectl uncordon), unless someone else had cordoned it',
  schema,
  place: 'kubectl',
  effect: 'repeatable',
  timeout: 120_000,
  usually: 5000,
  onTimeout: 'kill',
  facts: ['machine', 'kubelet', 'nodes'],
  guards: ['membership', 'same-machine'],
  settle: 30_000,
  service: 'in',
  noteFailure,
  script(context) {
    const command = kubectl(context, 'uncordon', objectNameOf(context));
    const text = ['set -eu', command, `if ${isCordoned(context, false)}; then :; else exit 1; fi`, unmark(context)];
    return { commands: [command], text: `${text.join('\n')}\n` };
  },
  isDone(context) {
    const node = objectOf(context);
    if (!node) return { done: false, reason: unknownObject(context) };
    if (isForeign(node)) {
      const when = context.before?.unschedulable === true ? 'before this run' : 'by someone else meanwhile';
      return { done: true, reason: `${node.name} was cordoned ${when}: left so` };
    }
    if (node.unschedulable) return { done: false, reason: `${node.name} is cordoned` };
    if (isMarked(node))
      return { done: false, reason: `${node.name} still has the annotation of a run that cordoned it` };
    return { done: true, reason: `${node.name} is schedulable` };
  },
  project(context) {
    return withNodeObject(context.facts, objectNameOf(context), (node) => {
      if (isForeign(node)) return node;
      const kept = Object.entries(node.annotations).filter(([key]) => key !== CORDONED_BY && key !== FAILED);
      return { ...node, unschedulable: false, annotations: Object.fromEntries(kept) };
    });
  },
};

/** Cordoned by someone else: a run of ours marks a node before it cordons it. */
function isForeign(node: NodeObject): boolean {
  return node.unschedulable && node.annotations[CORDONED_BY] === undefined;
}

function isMarked(node: NodeObject): boolean {
  return node.annotations[CORDONED_BY] !== undefined || node.annotations[FAILED] !== undefined;
}
