import { isStepOf } from '../../actions/bound-step.ts';
import { reboot } from '../../actions/reboot.ts';
import type { Facts } from '../../facts/facts.ts';
import type { KubeletConfiguration } from '../../facts/kubelet-config.ts';
import { nodeObjectFor } from '../../facts/lib/identity.ts';
import { withoutV } from '../../facts/lib/version.ts';
import type { GuardInput, GuardNode } from '../guard.ts';
import { targetOf } from './subject.ts';
import { upgradeOptions } from './upgrade.ts';

export const OWN_FILE = '/var/lib/kubelet/config.yaml';
export const SHARED = 'the ConfigMap kube-system/kubelet-config';

/** One layer of what a kubelet starts with. */
export interface Layer {
  readonly where: string;
  readonly config: KubeletConfiguration;
}

/** Fields that have a flag, and that flag. */
const flags = { failSwapOn: 'fail-swap-on', failCgroupV1: 'fail-cgroupv1' } as const;

/**
 * What a kubelet reads at its next start, the strongest last: its file, which kubeadm writes from the cluster's
 * ConfigMap (and patches), then the drop-ins of `--config-dir`. Flags override all of it; {@link settingIn} reads them.
 * "Set Kubelet Parameters Via A Configuration File"; "Reconfiguring a kubeadm cluster".
 */
export function layersAt(input: GuardInput, node: GuardNode): readonly Layer[] {
  return layers(input.before, node, isWritten(input, node) ? 'shared' : 'own');
}

/** The same as it is, or as kubeadm will leave it. */
export function layers({ nodes, cluster }: Facts, node: GuardNode, file: 'own' | 'shared'): readonly Layer[] {
  const setup = nodes[node.name]?.kubeletSetup;
  const shared = cluster?.kubeletConfig;
  const own = setup?.config && { where: OWN_FILE, config: setup.config };
  const base = file === 'shared' && shared && !shared.missing ? { where: SHARED, config: shared } : own;
  return [...(base ? [base] : []), ...(setup?.dropIns ?? []).map(({ file: where, config }) => ({ where, config }))];
}

/** A field's value, and where it is from; undefined where nothing sets it. */
export function settingIn(
  facts: Facts,
  node: GuardNode,
  of: readonly Layer[],
  field: keyof typeof flags,
): { readonly value: boolean; readonly where: string } | undefined {
  const flag = facts.nodes[node.name]?.kubeletSetup?.flags.findLast(({ name }) => name === flags[field]);
  if (flag) return { value: flag.value !== 'false', where: flag.file };
  const layer = of.findLast(({ config }) => config[field] !== undefined);
  const value = layer?.config[field];
  return layer && value !== undefined ? { value, where: layer.where } : undefined;
}

/** kubeadm writes the file before the kubelet starts the next time. */
function isWritten({ before, step }: GuardInput, node: GuardNode): boolean {
  if (!step || isStepOf(step, reboot)) return false;
  if (upgradeOptions(step)) return true;
  const { binaries, kubeletSetup, staticPods } = before.nodes[node.name] ?? {};
  const target = targetOf(step) ?? binaries?.kubelet;
  const moves = target !== undefined && nodeObjectFor(before, node.name)?.kubeletVersion !== target;
  // On a control plane that is at the release already kubeadm has been, with the patches of then.
  const tag = staticPods?.components['kube-apiserver']?.tag;
  const been = kubeletSetup?.writtenFor === target || (tag !== undefined && withoutV(tag) === target);
  return moves && !been;
}
