import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import type { Action } from './action.ts';
import { controlPlaneMissing, projectControlPlane } from './lib/control-plane.ts';
import { kubeadmFlags, kubeadmOptions } from './lib/kubeadm-options.ts';
import { release } from './lib/release.ts';
import { upgradeGuards } from './lib/upgrade-guards.ts';
import { quote } from '../transport/quote.ts';
import { verdictOf } from './lib/verdict.ts';

const schema = z.strictObject({
  version: release.describe('The release to upgrade the control plane to'),
  ...kubeadmOptions,
});

/** The first control plane of an upgrade. Its output is not believed: it says SUCCESS even if addons were skipped. */
export const kubeadmUpgradeApply: Action<z.infer<typeof schema>> = {
  name: 'kubeadm-upgrade-apply',
  summary: 'Upgrade the first control plane and the cluster configuration (kubeadm upgrade apply)',
  schema,
  target: ({ version }) => version,
  place: 'node',
  effect: 'once',
  timeout: 1_800_000,
  onTimeout: 'leave',
  facts: ['machine', 'kubelet', 'nodes', 'apiServers', 'staticPods', 'kubeadmConfig', 'kubeProxy'],
  guards: [...upgradeGuards, 'coredns', 'schedulable'],
  settle: 300_000,
  script(context) {
    const command = `kubeadm upgrade apply -y ${quote(`v${context.with.version}`)}${kubeadmFlags(context.with)}`;
    return { commands: [command], text: `${command}\n` };
  },
  isDone(context) {
    const { version } = context.with;
    const configured = context.facts.cluster?.kubeadmConfig?.kubernetesVersion;
    const config =
      configured === version
        ? []
        : [`kubeadm-config says ${configured ?? 'nothing that could be read'}, not ${version}`];
    return verdictOf(
      [...controlPlaneMissing(context, version), ...config],
      `the control plane of ${context.node.name} and kubeadm-config are at ${version}`,
    );
  },
  project(context): Facts {
    const { version } = context.with;
    const facts = projectControlPlane(context, version);
    if (!facts.cluster) return facts;
    const kubeadmConfig = { ...facts.cluster.kubeadmConfig, kubernetesVersion: version };
    return { ...facts, cluster: { ...facts.cluster, kubeadmConfig } };
  },
};
