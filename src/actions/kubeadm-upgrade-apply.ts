import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import type { Action, ActionContext } from './action.ts';
import { questionOfApply } from './lib/ask-kubeadm.ts';
import { effectsMissing, etcdMissing, projectControlPlane } from './lib/control-plane.ts';
import { kubeadmFlags, kubeadmOptions, prereleaseFlag } from './lib/kubeadm-options.ts';
import { isBefore, release } from './lib/release.ts';
import { upgradeGuards } from './lib/upgrade-guards.ts';
import { quote } from '../transport/quote.ts';
import { verdictOf } from './lib/verdict.ts';

const schema = z.strictObject({
  version: release.describe('The release to upgrade the control plane to'),
  ...kubeadmOptions,
});
type With = z.infer<typeof schema>;

/** The first control plane of an upgrade. Its output is not believed: it says SUCCESS even if addons were skipped. */
export const kubeadmUpgradeApply: Action<With> = {
  name: 'kubeadm-upgrade-apply',
  summary: 'Upgrade the first control plane and the cluster configuration (kubeadm upgrade apply)',
  schema,
  target: ({ version }) => version,
  place: 'node',
  effect: 'once',
  timeout: 1_800_000,
  usually: 120_000,
  onTimeout: 'leave',
  facts: [
    'machine',
    'kubelet',
    'nodes',
    'apiServers',
    'staticPods',
    'kubeadmConfig',
    'kubeletConfig',
    'kubeProxy',
    'coreDns',
  ],
  guards: [...upgradeGuards, 'coredns', 'schedulable', 'network-plugin'],
  settle: 300_000,
  question: questionOfApply,
  script(context) {
    const { version } = context.with;
    const command = `kubeadm upgrade apply -y ${quote(`v${version}`)}${prereleaseFlag(version)}${kubeadmFlags('apply', context.with)}`;
    return { commands: [command], text: `${command}\n` };
  },
  unsupported: ({ with: { skipPhases, version } }) =>
    skipPhases?.length && isBefore(version, 32)
      ? `kubeadm upgrade apply has no phases to skip before 1.32: leave skipPhases out for ${version}`
      : undefined,
  isDone: (context) => verdict(context, [...effectsOf(context), ...etcdMissing(context, context.with.version)]),
  verify: (context) => verdict(context, effectsOf(context)),
  project: (context): Facts => projectControlPlane(context, context.with.version, true),
};

function effectsOf(context: ActionContext<With>): string[] {
  return effectsMissing(context, context.with.version, true);
}

function verdict({ node, with: { version } }: ActionContext<With>, missing: readonly string[]) {
  return verdictOf(missing, `the control plane of ${node.name} and kubeadm-config are at ${version}`);
}
