import { tagOf, withoutTag } from '../facts/lib/image.ts';
import { groupBy } from '../facts/lib/group-by.ts';
import { once } from '../facts/lib/once.ts';
import { isStepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { minorNumber } from '../facts/lib/version.ts';
import type { PodFact } from '../facts/pods.ts';
import type { Guard } from './guard.ts';
import { findingOf, listed, targetOf } from './lib/subject.ts';

/** Network plugins by the last two components of the image that their DaemonSets run. */
const PLUGINS: readonly (readonly [name: string, image: RegExp])[] = [
  ['Calico', /(^|\/)(calico\/node|calico-node|node-calico)$/],
  ['Cilium', /(^|\/)cilium(-ci)?$/],
  ['Flannel', /(^|\/)flannel$/],
  ['Weave Net', /(^|\/)weave-kube$/],
  ['Antrea', /(^|\/)antrea-agent(-ubuntu|-ubi)?$/],
  ['kube-router', /(^|\/)kube-router$/],
  ['Kube-OVN', /(^|\/)kube-ovn$/],
  ['OVN-Kubernetes', /(^|\/)ovn-kube(-ubuntu|-fedora)?$/],
  ['Multus', /(^|\/)multus-cni$/],
  ['Amazon VPC CNI', /(^|\/)amazon-k8s-cni$/],
  ['Azure CNS', /(^|\/)azure-cns$/],
  ['kindnet', /(^|\/)kindnetd$/],
];

/** kubeadm upgrades no network plugin: which releases of Kubernetes it supports, its own documentation says. */
export const networkPlugin: Guard = {
  id: 'network-plugin',
  title: 'The network plugin supports the next minor',
  source: '"Upgrading kubeadm clusters": manually upgrade your CNI provider plugin',
  facts: ['pods', 'kubeadmConfig'],
  scope: 'run',
  ofSteps: true,
  check: ({ before, step }) => {
    if (!step || !isStepOf(step, kubeadmUpgradeApply)) return [];
    const to = targetOf(step);
    const { pods, kubeadmConfig } = before.cluster ?? {};
    const from = kubeadmConfig?.kubernetesVersion;
    if (to === undefined || from === undefined || minorNumber(from) === minorNumber(to) || !pods) return [];
    const plugins = pluginsOf(pods);
    if (plugins.length === 0) return [];
    return [
      findingOf(networkPlugin, {
        severity: 'note',
        node: step.node.name,
        summary: `the network plugin is not upgraded: ${listed(plugins)}`,
        remedy: `Look whether it supports Kubernetes ${to}, and upgrade it by hand, before or after as its documentation says.`,
      }),
    ];
  },
};

/** `Flannel v0.26.1 (kube-flannel/kube-flannel-ds)`; several versions while it is rolled out. */
const pluginsOf = once((pods: readonly PodFact[]): readonly string[] => {
  const ofDaemonSets = groupBy(pods, ({ namespace, controller }) =>
    controller?.kind === 'DaemonSet' ? `${namespace}/${controller.name}` : undefined,
  );
  return [...ofDaemonSets].flatMap(([daemonSet, members]) => {
    const images = [...new Set(members.flatMap((pod) => pod.images))];
    return PLUGINS.flatMap(([name, pattern]) => {
      const own = images.filter((image) => pattern.test(withoutTag(image)));
      const tags = [...new Set(own.map((image) => tagOf(image) || 'without a tag'))].toSorted();
      return own.length === 0 ? [] : [`${name} ${tags.join(' and ')} (${daemonSet})`];
    });
  });
});
