import { z } from 'zod';
import { readings } from '../packages/registry.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action } from './action.ts';
import { scriptOfManager, withoutPackageManager } from './lib/packages.ts';
import { machineOf } from './lib/subject.ts';
import { some } from './lib/verdict.ts';

const schema = z.strictObject({});
type With = z.infer<typeof schema>;

export const osUpgrade: Action<With> = {
  name: 'os-upgrade',
  summary: 'Install the updates of the operating system; Kubernetes packages stay as they are',
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 3_600_000,
  onTimeout: 'leave',
  facts: ['os', 'packages', 'osUpdates'],
  guards: ['membership', 'same-machine', 'disk-room', 'package-state'],
  settle: 60_000,
  unsupported: withoutPackageManager,
  script: (context) =>
    scriptOfManager(context, (manager) => {
      const { packages } = machineOf(context);
      const held = context.before?.held ?? packages?.held ?? [];
      return manager.upgradeOs({ installed: Object.keys(packages?.installed ?? {}), held });
    }),
  isDone(context) {
    const updates = machineOf(context).osUpdates;
    if (!updates) return { done: false, reason: 'its pending updates are not known' };
    if (updates.pending.length > 0) return { done: false, reason: `updates are pending: ${some(updates.pending)}` };
    if (updates.error !== undefined)
      return { done: false, reason: `its updates cannot be asked for: ${updates.error}` };
    return { done: true, reason: 'no update is pending' };
  },
  project: (context) =>
    withNode(context.facts, context.node.name, (node) => ({
      ...node,
      osUpdates: { pending: [] },
      ...(node.osUpdates?.pending.some((name) => readings.some(({ kernel }) => kernel.test(name))) === true && {
        reboot: { required: true, reason: 'a new kernel is installed by then' },
      }),
    })),
};
