import { z } from 'zod';
import type { Action } from './action.ts';
import { controlPlaneMissing } from './lib/control-plane.ts';
import { prereleaseFlag } from './lib/kubeadm-options.ts';
import { release } from './lib/release.ts';
import { quote } from '../transport/quote.ts';
import { verdictOf } from './lib/verdict.ts';

const schema = z.strictObject({ version: release.describe('The release that kubeadm is asked about') });

/** Always with a version: without one kubeadm asks the internet, falls back to its own and prints no table. */
export const kubeadmUpgradePlan: Action<z.infer<typeof schema>> = {
  name: 'kubeadm-upgrade-plan',
  summary: 'Ask kubeadm whether it can upgrade the cluster to the version; changes nothing',
  schema,
  target: ({ version }) => version,
  place: 'node',
  effect: 'none',
  timeout: 300_000,
  usually: 15_000,
  onTimeout: 'kill',
  facts: ['machine', 'kubelet', 'nodes', 'apiServers', 'staticPods', 'kubeadmConfig'],
  guards: [
    'membership',
    'same-machine',
    'nodes-ready',
    'api-servers-answer',
    'no-skipped-minor',
    'kubeadm-version',
    'no-downgrade',
  ],
  settle: 0,
  script(context) {
    const { version } = context.with;
    const command = `kubeadm upgrade plan ${quote(`v${version}`)}${prereleaseFlag(version)}`;
    return { commands: [command], text: `${command}\n` };
  },
  isDone(context) {
    const { version } = context.with;
    return verdictOf(
      controlPlaneMissing(context, version),
      `the control plane of ${context.node.name} is at ${version} already`,
    );
  },
  verify: (context) => ({ done: true, reason: `kubeadm sees a way to ${context.with.version}` }),
  project: (context) => context.facts,
};
