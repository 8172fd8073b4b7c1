import { type BoundStep, stepOf } from '../../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../../actions/kubeadm-upgrade-apply.ts';
import { kubeadmUpgradeNode } from '../../actions/kubeadm-upgrade-node.ts';
import type { KubeadmOptions } from '../../actions/lib/kubeadm-options.ts';

/** The options of a step by which kubeadm upgrades a node. */
export function upgradeOptions(step: BoundStep | undefined): KubeadmOptions | undefined {
  return (stepOf(step, kubeadmUpgradeApply) ?? stepOf(step, kubeadmUpgradeNode))?.with;
}
