import { z } from 'zod';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext, Verdict } from './action.ts';
import { questionOfNode } from './lib/ask-kubeadm.ts';
import { CUT_OFF, effectsMissing, etcdMissing, projectControlPlane } from './lib/control-plane.ts';
import { kubeadmFlags, kubeadmOptions } from './lib/kubeadm-options.ts';
import { withKubeletFiles } from './lib/kubelet-files.ts';
import { releaseOf } from '../packages/lib/revision.ts';
import { atLeast, release } from './lib/release.ts';
import { machineOf, objectOf } from './lib/subject.ts';
import { upgradeGuards } from './lib/upgrade-guards.ts';
import { verdictOf } from './lib/verdict.ts';

const schema = z.strictObject({
  version: release.optional().describe('The release that the node must come to; else that of its kubeadm'),
  ...kubeadmOptions,
});
type With = z.infer<typeof schema>;

export const kubeadmUpgradeNode: Action<With> = {
  name: 'kubeadm-upgrade-node',
  summary: 'Upgrade a further control plane, or fetch the kubelet configuration of a worker (kubeadm upgrade node)',
  schema,
  target: ({ version }) => version,
  place: 'node',
  effect: 'once',
  timeout: 1_800_000,
  usually: 30_000,
  onTimeout: 'leave',
  facts: [
    'machine',
    'packages',
    'binaries',
    'kubelet',
    'nodes',
    'apiServers',
    'staticPods',
    'kubeadmConfig',
    'kubeProxy',
    'coreDns',
  ],
  guards: upgradeGuards,
  settle: 300_000,
  question: questionOfNode,
  script(context) {
    const command = `kubeadm upgrade node${kubeadmFlags('node', context.with)}`;
    return { commands: [command], text: `${command}\n` };
  },
  isDone: (context) => configured(context, etcdMissing),
  verify(context) {
    if (context.node.role === 'control-plane') return configured(context, () => []);
    return { done: true, reason: 'kubeadm exited 0: the kubelet configuration was fetched' };
  },
  project(context) {
    const target = targetOf(context);
    if (target === undefined) return context.facts;
    if (context.node.role === 'control-plane') return projectControlPlane(context, target);
    return withNode(context.facts, context.node.name, (node) => ({
      ...withKubeletFiles(node, context, target),
      kubelet: { active: true, healthy: true, ...node.kubelet, configuredFor: target },
    }));
  },
};

function targetOf(context: ActionContext<With>): string | undefined {
  return context.with.version ?? machineOf(context).binaries?.kubeadm;
}

function configured(context: ActionContext<With>, ofEtcd: typeof etcdMissing): Verdict {
  const target = targetOf(context);
  if (target === undefined) return { done: false, reason: `kubeadm is not installed on ${context.node.name}` };
  if (context.node.role !== 'control-plane') return workerVerdict(context, target);
  const missing = [...effectsMissing(context, target, false), ...ofEtcd(context, target)];
  return verdictOf(missing, `the control plane of ${context.node.name} is at ${target}`);
}

/** A worker only fetches a configuration, which shows no version: the kubelet that comes after it decides. */
function workerVerdict(context: ActionContext<With>, target: string): Verdict {
  const { kubelet, packages } = machineOf(context);
  if (context.cutOff) return { done: false, reason: CUT_OFF };
  if (kubelet?.configuredFor === target) return { done: true, reason: `the configuration for ${target} was fetched` };
  const running = objectOf(context)?.kubeletVersion;
  const installed = packages?.installed['kubelet']?.revision;
  const done = atLeast(running, target) && atLeast(installed && releaseOf(installed), target);
  return done
    ? { done, reason: `the kubelet is at ${running ?? target} already: its configuration was fetched before` }
    : {
        done,
        reason: `the kubelet is at ${running ?? 'an unknown version'}: its configuration for ${target} comes first`,
      };
}
