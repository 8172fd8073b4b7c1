import { isStepOf, type BoundStep } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { ignoresCheck } from '../actions/lib/kubeadm-options.ts';
import { tolerates } from '../facts/lib/room.ts';
import { minorNumber } from '../facts/lib/version.ts';
import type { NodeObject } from '../facts/nodes.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { upgradeOptions } from './lib/upgrade.ts';
import { findingOf, listed, peopleName, targetOf } from './lib/subject.ts';

/** What the Job of the check CreateJob tolerates. */
const tolerations = ['node-role.kubernetes.io/master', 'node-role.kubernetes.io/control-plane'].map((key) => ({
  key,
  operator: 'Exists',
  effect: 'NoSchedule',
}));
/** From this minor on kubeadm leaves the Job out where no node takes it. */
const SKIPS = 31;

export const schedulable: Guard = {
  id: 'schedulable',
  title: "A node takes the pod of kubeadm's preflight Job",
  source: 'kubeadm upgrade apply: preflight CreateJob (kubernetes/kubeadm#3050; left out from 1.31 on)',
  facts: ['nodes'],
  scope: 'step',
  ofSteps: true,
  check: (input) => (input.step && isStepOf(input.step, kubeadmUpgradeApply) ? judge(input, input.step) : []),
};

function judge({ before }: GuardInput, step: BoundStep): Finding[] {
  const nodes = before.cluster?.nodes ?? [];
  const minor = minorNumber(targetOf(step) ?? '');
  if (minor === undefined || minor >= SKIPS || nodes.length === 0 || nodes.some(takes)) return [];
  const skips = ignoresCheck(upgradeOptions(step) ?? {}, 'CreateJob');
  const states = nodes.map((node) => `${peopleName(before, node.name)} (${whyNot(node)})`);
  return [
    findingOf(schedulable, {
      severity: skips ? 'warn' : 'refuse',
      node: step.node.name,
      summary: `kubeadm ${targetOf(step) ?? ''} starts a Job first, and no node takes its pod: ${listed(states)}`,
      remedy:
        'Uncordon a node first (kubectl uncordon NODE), or upgrade with kubeadm before the node is drained; or skip that check (`ignorePreflightErrors: [CreateJob]`).',
    }),
  ];
}

function takes(node: NodeObject): boolean {
  return node.ready && !node.unschedulable && repelling(node).length === 0;
}

function repelling({ taints }: NodeObject): NodeObject['taints'] {
  return taints.filter((taint) => !tolerates(tolerations, taint));
}

function whyNot(node: NodeObject): string {
  if (!node.ready) return 'not Ready';
  return node.unschedulable ? 'cordoned' : `taint ${repelling(node)[0]?.key ?? ''}`;
}
