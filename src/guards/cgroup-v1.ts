import { isStepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { kubeadmUpgradeNode } from '../actions/kubeadm-upgrade-node.ts';
import { restartKubelet } from '../actions/restart-kubelet.ts';
import type { NodeFacts } from '../facts/facts.ts';
import { minorNumber, minorText } from '../facts/lib/version.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Guard, GuardInput, GuardNode } from './guard.ts';
import { type Layer, layers, layersAt, OWN_FILE, settingIn, SHARED } from './lib/kubelet-start.ts';
import { type MachineDraft, onMachines, targetMinor } from './lib/machines.ts';
import { upgradeOptions } from './lib/upgrade.ts';

/** In maintenance mode from the first on; with the second a kubelet does not start unless it is allowed to. */
const since = { maintenance: 31, refused: 35 };

export const cgroupV1: Guard = {
  id: 'cgroup-v1',
  title: 'The kubelet of the release starts on the cgroups that the node has',
  source:
    'KEP-5573 (kubernetes/kubernetes#134298): failCgroupV1 is true by default from 1.35 on; "About cgroup v2": maintenance mode since 1.31',
  comparedWith: 37,
  facts: ['kernel', 'kubeletSetup', 'kubeletConfig', 'binaries', 'staticPods', 'nodes', 'machine', 'kubelet'],
  scope: 'run',
  check: (input) => {
    if (input.step && !isStepOf(input.step, restartKubelet, kubeadmUpgradeNode, kubeadmUpgradeApply)) return [];
    return onMachines(cgroupV1, input, (facts, node) => {
      if (facts.kernel?.cgroup !== 'v1') return [];
      const target = input.step
        ? targetMinor(input, isStepOf(input.step, restartKubelet) ? 'kubelet' : 'kubeadm')
        : minorNumber(nodeObjectFor(input.before, node.name)?.kubeletVersion ?? '');
      return target === undefined ? [] : judge(facts, input, node, target);
    });
  },
};

function judge(facts: NodeFacts, input: GuardInput, node: GuardNode, target: number): MachineDraft[] {
  const remedy =
    'Boot it with systemd.unified_cgroup_hierarchy=1 (a newer distribution has it by default), with a container runtime that uses the systemd cgroup driver.';
  const allows = (of: readonly Layer[]) => settingIn(input.before, node, of, 'failCgroupV1')?.value === false;
  const allowed = allows(layersAt(input, node));
  const overwritten =
    !allowed && facts.kubeletSetup?.writtenFor === undefined && allows(layers(input.before, node, 'own'));
  if (input.step && target >= since.refused && !allowed) {
    const patches = upgradeOptions(input.step)?.patches;
    const kept = overwritten && patches !== undefined;
    const why = overwritten ? `, and kubeadm writes ${SHARED} over the failCgroupV1: false of ${OWN_FILE}` : '';
    return [
      {
        severity: kept ? 'warn' : 'refuse',
        summary: `it runs on cgroup v1: a kubelet of ${minorText(target)} does not start there${why}`,
        remedy: kept
          ? `Make sure that a patch of kubeletconfiguration in ${patches} sets failCgroupV1: false. ${remedy}`
          : `${remedy} Or set failCgroupV1: false in ${SHARED} before upgrading, and let kubeadm skip its own check of it where it refuses (\`ignorePreflightErrors: [SystemVerification]\`).`,
      },
    ];
  }
  if (target < since.maintenance) return [];
  const end = allowed ? '' : ` and refused from ${minorText(since.refused)} on`;
  const summary = `it runs on cgroup v1, which is in maintenance mode since ${minorText(since.maintenance)}${end}`;
  return [{ severity: 'warn', summary, remedy }];
}
