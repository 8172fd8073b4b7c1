import type { Facts } from '../facts.ts';
import type { PodFact } from '../pods.ts';
import { nodeObjectFor } from './identity.ts';
import { tagOf } from './image.ts';
import { compareVersions } from './version.ts';

type ByNode = Readonly<Record<string, string>>;

/** Every version of a cluster, without `v`. What is not known is left out. */
export interface Versions {
  /** By Node object: those that answered when asked directly. */
  readonly apiServers: ByNode;
  readonly controllerManagers: ByNode;
  readonly schedulers: ByNode;
  /** By Node object: the kubelets that run. */
  readonly kubelets: ByNode;
  readonly kubeProxy?: string;
  /** By inventory name. */
  readonly kubeadm: ByNode;
  /** As kubeadm recorded it; else the oldest API server's. */
  readonly clusterVersion?: string;
}

export function versionsOf(facts: Facts): Versions {
  const { cluster } = facts;
  const apiServers = Object.fromEntries(
    (cluster?.apiServers ?? []).flatMap(({ node, version }) => (version === undefined ? [] : [[node, version]])),
  );
  const kubeProxy = cluster?.kubeProxy?.version;
  const clusterVersion =
    cluster?.kubeadmConfig?.kubernetesVersion ?? Object.values(apiServers).toSorted(compareVersions)[0];
  return {
    apiServers,
    controllerManagers: componentVersions(facts, 'kube-controller-manager'),
    schedulers: componentVersions(facts, 'kube-scheduler'),
    kubelets: Object.fromEntries((cluster?.nodes ?? []).map(({ name, kubeletVersion }) => [name, kubeletVersion])),
    ...(kubeProxy === undefined ? {} : { kubeProxy }),
    kubeadm: Object.fromEntries(
      Object.entries(facts.nodes).flatMap(([name, { binaries }]) =>
        binaries?.kubeadm === undefined ? [] : [[name, binaries.kubeadm]],
      ),
    ),
    ...(clusterVersion === undefined ? {} : { clusterVersion }),
  };
}

/** By Node object: the manifest on the machine, else the mirror pod. */
function componentVersions(facts: Facts, component: string): ByNode {
  const versions: Record<string, string> = {};
  for (const pod of facts.cluster?.pods ?? []) {
    if (pod.node !== undefined && isComponent(pod, component)) versions[pod.node] = tagOf(pod.images[0] ?? '');
  }
  for (const [name, { staticPods }] of Object.entries(facts.nodes)) {
    const tag = staticPods?.components[component]?.tag;
    if (tag !== undefined) versions[nodeObjectFor(facts, name)?.name ?? name] = tag;
  }
  return versions;
}

function isComponent(pod: PodFact, component: string): boolean {
  return pod.namespace === 'kube-system' && pod.mirror && pod.labels['component'] === component;
}
