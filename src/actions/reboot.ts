import { z } from 'zod';
import type { MachineFact } from '../facts/machine.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext, Verdict } from './action.ts';
import { machineOf } from './lib/subject.ts';

const schema = z.strictObject({
  when: z
    .enum(['needed', 'always'])
    .default('needed')
    .describe('needed: only where what was installed asks for it; always: once in a run'),
});
type With = z.infer<typeof schema>;

/** A server that checks its memory and disks may take that long until it answers again. */
const COMES_BACK = 1_800_000;

export const reboot: Action<With> = {
  name: 'reboot',
  summary: 'Reboot the node and wait until it answers again, with another boot',
  schema,
  place: 'node',
  // Facts always show whether it was rebooted, so it is not repeated by mistake.
  effect: 'repeatable',
  timeout: 120_000,
  usually: 180_000,
  onTimeout: 'kill',
  facts: ['machine', 'reboot'],
  guards: ['membership', 'same-machine', 'static-pod-files', 'others-ready', 'etcd-health', 'swap', 'volumes-detached'],
  settle: COMES_BACK,
  reboots: true,
  script() {
    const text = 'set -u\nif command -v systemctl >/dev/null 2>&1; then systemctl reboot; else reboot; fi\n';
    return { commands: ['systemctl reboot'], text };
  },
  isDone(context) {
    const { reboot } = machineOf(context);
    if (context.with.when === 'always') return rebooted(context, context.before?.boot);
    const required = reboot?.required ?? false;
    return { done: !required, reason: reboot?.reason ?? 'nothing is known about it' };
  },
  verify(context, before) {
    const known = before.nodes[context.node.name]?.machine;
    // It may have been rebooted since the run was planned: then it still is up when the script has ended.
    return rebooted(context, known ? bootOf(known) : context.before?.boot);
  },
  project: (context) => {
    if (reboot.isDone(context).done) return context.facts;
    return withNode(context.facts, context.node.name, (node) => ({
      ...node,
      reboot: { required: false, reason: 'it was rebooted' },
      ...(node.machine && { machine: { ...node.machine, bootId: `after ${node.machine.bootId}` } }),
    }));
  },
};

/** Tells one boot of a machine from another. */
export function bootOf({ bootId, initStart }: MachineFact): string {
  return initStart === undefined ? bootId : `${bootId}/${initStart}`;
}

function rebooted(context: ActionContext<With>, before: string | undefined): Verdict {
  const { machine } = machineOf(context);
  if (!machine || before === undefined) return { done: false, reason: 'it is not known when it was booted' };
  const done = bootOf(machine) !== before;
  return { done, reason: done ? 'it was rebooted in this run' : 'it has not been rebooted yet' };
}
