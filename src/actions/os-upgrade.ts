import { z } from 'zod';
import { runtimePackages } from '../packages/manager.ts';
import { readings } from '../packages/registry.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { scriptOfManager, withoutPackageManager } from './lib/packages.ts';
import { machineOf } from './lib/subject.ts';
import { some } from './lib/verdict.ts';

const schema = z.strictObject({
  runtime: z
    .enum(['keep', 'update'])
    .default('keep')
    .describe(
      'keep: the container runtime (containerd, runc, CRI-O, Docker) stays as it is; update: it is updated too',
    ),
});
type With = z.infer<typeof schema>;

export const osUpgrade: Action<With> = {
  name: 'os-upgrade',
  summary:
    'Install the updates of the operating system; Kubernetes packages and the container runtime stay as they are',
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 3_600_000,
  usually: 300_000,
  onTimeout: 'leave',
  facts: ['os', 'packages', 'osUpdates'],
  guards: ['membership', 'same-machine', 'disk-room', 'package-state'],
  settle: 60_000,
  unsupported: withoutPackageManager,
  script: (context) =>
    scriptOfManager(context, (manager) => {
      const { packages } = machineOf(context);
      const held = context.before?.held ?? packages?.held ?? [];
      return manager.upgradeOs({ kept: [...Object.keys(packages?.installed ?? {}), ...runtimeOf(context)], held });
    }),
  isDone(context) {
    const updates = machineOf(context).osUpdates;
    if (!updates) return { done: false, reason: 'its pending updates are not known' };
    const kept = runtimeOf(context);
    const pending = updates.pending.filter((name) => !kept.includes(name));
    if (pending.length > 0) return { done: false, reason: `updates are pending: ${some(pending)}` };
    if (updates.error !== undefined)
      return { done: false, reason: `its updates cannot be asked for: ${updates.error}` };
    return {
      done: true,
      reason: kept.length > 0 ? `no update is pending but of ${some(kept)}, which stay` : 'no update is pending',
    };
  },
  project: (context) =>
    withNode(context.facts, context.node.name, (node) => ({
      ...node,
      osUpdates: { pending: runtimeOf(context) },
      ...(node.osUpdates?.pending.some((name) => readings.some(({ kernel }) => kernel.test(name))) === true && {
        reboot: { required: true, reason: 'a new kernel is installed by then' },
      }),
    })),
};

/** Its packages that are to stay: what is pending of them, and what an interrupted attempt has left on hold. */
function runtimeOf(context: ActionContext<With>): string[] {
  if (context.with.runtime === 'update') return [];
  const { osUpdates, packages } = machineOf(context);
  const { held = [] } = context.before ?? {};
  const ours = (packages?.held ?? []).filter((name) => context.before !== undefined && !held.includes(name));
  return [...new Set([...(osUpdates?.pending ?? []), ...ours])].filter((name) => runtimePackages.includes(name));
}
