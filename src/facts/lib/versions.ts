import type { Facts } from '../facts.ts';
import type { PodFact } from '../pods.ts';
import { nodeObjectFor } from './identity.ts';
import { tagOf } from './image.ts';
import { machinesWith } from './machines-with.ts';
import type { NodeObject } from '../nodes.ts';
import { lately, whileAlike } from './once.ts';
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

/** Each of them is found when it is asked for. */
export const versionsOf = lately((facts: Facts): Versions => {
  const { cluster } = facts;
  const kubeProxy = cluster?.kubeProxy?.version;
  const apiServers = Object.fromEntries(
    (cluster?.apiServers ?? []).flatMap(({ node, version }) => (version === undefined ? [] : [[node, version]])),
  );
  const clusterVersion =
    cluster?.kubeadmConfig?.kubernetesVersion ?? Object.values(apiServers).toSorted(compareVersions)[0];
  return {
    apiServers,
    get controllerManagers() {
      return componentVersions(facts, 'kube-controller-manager');
    },
    get schedulers() {
      return componentVersions(facts, 'kube-scheduler');
    },
    get kubelets() {
      return kubelets(cluster?.nodes ?? none);
    },
    ...(kubeProxy === undefined ? {} : { kubeProxy }),
    get kubeadm() {
      return kubeadms(facts.nodes);
    },
    ...(clusterVersion === undefined ? {} : { clusterVersion }),
  };
});

const none: readonly NodeObject[] = [];

const kubelets = lately((nodes: readonly NodeObject[]): ByNode =>
  Object.fromEntries(nodes.map(({ name, kubeletVersion }) => [name, kubeletVersion])),
);

const kubeadms = lately((nodes: Facts['nodes']): ByNode =>
  Object.fromEntries(
    machinesWith(nodes, 'binaries').flatMap(([name, { kubeadm }]) => (kubeadm === undefined ? [] : [[name, kubeadm]])),
  ),
);

/** By Node object: the manifest on the machine, else the mirror pod. */
function componentVersions(facts: Facts, component: string): ByNode {
  const versions: Record<string, string> = {};
  for (const pod of mirrorPods(facts.cluster?.pods ?? noPods)) {
    if (pod.node !== undefined && isComponent(pod, component)) versions[pod.node] = tagOf(pod.images[0] ?? '');
  }
  for (const [name, { components }] of machinesWith(facts.nodes, 'staticPods')) {
    const tag = components[component]?.tag;
    if (tag !== undefined) versions[nodeObjectFor(facts, name)?.name ?? name] = tag;
  }
  return versions;
}

const noPods: readonly PodFact[] = [];

const mirrorPods = whileAlike(
  (pods: readonly PodFact[]) => pods.filter((pod) => pod.mirror),
  (a, b) => !a.mirror && !b.mirror,
);

function isComponent(pod: PodFact, component: string): boolean {
  return pod.namespace === 'kube-system' && pod.labels['component'] === component;
}
