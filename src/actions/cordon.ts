import { z } from 'zod';
import { withNodeObject } from '../facts/lib/with-node.ts';
import type { Action } from './action.ts';
import { cordoned, isCordoned, kubectl, markOurs, noteFailure } from './lib/kubectl.ts';
import { objectNameOf, objectOf, unknownObject } from './lib/subject.ts';

const schema = z.strictObject({});

export const cordon: Action<z.infer<typeof schema>> = {
  name: 'cordon',
  summary: 'Take new pods away from the node (kubectl cordon)',
  schema,
  place: 'kubectl',
  effect: 'repeatable',
  timeout: 120_000,
  usually: 3000,
  onTimeout: 'kill',
  facts: ['machine', 'kubelet', 'nodes'],
  guards: ['membership', 'same-machine', 'others-ready'],
  settle: 30_000,
  service: 'out',
  noteFailure,
  script(context) {
    const command = kubectl(context, 'cordon', objectNameOf(context));
    const text = ['set -u', ...markOurs(context), `${command} || exit`, isCordoned(context, true)];
    return { commands: [command], text: `${text.join('\n')}\n` };
  },
  isDone(context) {
    const node = objectOf(context);
    if (!node) return { done: false, reason: unknownObject(context) };
    return { done: node.unschedulable, reason: `${node.name} is ${node.unschedulable ? 'cordoned' : 'schedulable'}` };
  },
  project: (context) => withNodeObject(context.facts, objectNameOf(context), (node) => cordoned(context, node)),
};
