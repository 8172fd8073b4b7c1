import { etcdVersionOf, isOrNewer, orNewer, shippedEtcd } from '../../facts/lib/etcd-releases.ts';
import { type EtcdOfRelease, etcdOfRelease } from '../../facts/lib/etcd-target.ts';
import type { ClusterFacts, Facts, NodeFacts } from '../../facts/facts.ts';
import type { KubeletConfigFact } from '../../facts/kubelet-config.ts';
import type { PodFact } from '../../facts/pods.ts';
import { withoutTag } from '../../facts/lib/image.ts';
import { compareVersions, minorOf } from '../../facts/lib/version.ts';
import { withNode } from '../../facts/lib/with-node.ts';
import type { ActionContext } from '../action.ts';
import { addonsAreDue, addonsMissing, projectAddons } from './addons.ts';
import { type KubeadmOptions, skips } from './kubeadm-options.ts';
import { withKubeletFiles } from './kubelet-files.ts';
import { joined } from './joined.ts';
import { bare, isBefore } from './release.ts';
import { apiServerOf, machineOf, objectNameOf } from './subject.ts';

/** What `kubeadm upgrade` moves to the target; etcd has versions of its own. */
const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/**
 * What this node's control plane lacks to be at the target, by its API server, asked directly, and the tags of its
 * static pods (https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-upgrade/).
 */
export function controlPlaneMissing(context: ActionContext<unknown>, target: string): string[] {
  const { components = {}, several = {} } = machineOf(context).staticPods ?? {};
  const pods = joined(
    COMPONENTS.flatMap((name) => {
      const files = several[name];
      if (files) return [{ name, is: `has several manifests on ${context.node.name}: ${files.join(', ')}` }];
      const tag = components[name]?.tag;
      if (tag === undefined) return [{ name, is: `has no manifest on ${context.node.name}` }];
      return bare(tag) === target ? [] : [{ name, is: `is at ${bare(tag)}, not ${target}` }];
    }),
  );
  return [...apiServerMissing(context, target), ...pods];
}

export const CUT_OFF = 'kubeadm did not come to its end here before: it is run again';

/**
 * What of the effects of its `kubeadm upgrade` this node or the cluster lacks: all that are due at this step but etcd,
 * which {@link etcdMissing} judges. kubeadm writes them one after the other (postupgrade.go), so that one
 * which was cut off leaves any first part of them.
 */
export function effectsMissing(context: ActionContext<KubeadmOptions>, target: string, isApply: boolean): string[] {
  const options = context.with;
  const { cluster } = context.facts;
  const missing = [
    ...(context.cutOff ? [CUT_OFF] : []),
    ...(skips(options, 'control-plane') ? [] : controlPlaneMissing(context, target)),
  ];
  if (!cluster) return missing;
  const config = isApply && !skips(options, 'upload-config', 'kubeadm') ? configMissing(cluster, target) : [];
  const kubelets = isApply && !skips(options, 'upload-config', 'kubelet') ? kubeletConfigMissing(cluster, target) : [];
  const addons = addonsAreDue(cluster, target, isApply) ? addonsMissing(context.facts, target, options) : [];
  return [...missing, ...config, ...kubelets, ...addons];
}

/**
 * A member that is older than what the target brings, as its own kubeadm lists it, else by the table's lower bound.
 * kubeadm leaves one alone whose image is pinned.
 */
export function etcdMissing(context: ActionContext<KubeadmOptions>, target: string): string[] {
  const options = context.with;
  const now = etcdVersionOf(machineOf(context).staticPods?.components['etcd']?.tag);
  const wanted = etcdOfRelease(context.facts, target);
  if (options.etcdUpgrade === false || skips(options, 'control-plane') || wanted?.by === 'pin') return [];
  if (now === undefined || wanted === undefined || compareVersions(now, wanted.version) >= 0) return [];
  return [`etcd is at ${now}, and ${target} brings ${wanted.version}`];
}

export function configMissing(cluster: ClusterFacts, version: string): string[] {
  const configured = cluster.kubeadmConfig?.kubernetesVersion;
  return configured === version
    ? []
    : [`kubeadm-config says ${configured ?? 'nothing that could be read'}, not ${version}`];
}

/** Before 1.24 the ConfigMap had the minor in its name. */
export function kubeletConfigMissing({ kubeletConfig }: ClusterFacts, version: string): string[] {
  return kubeletConfig?.missing && !isBefore(version, 24) ? ['the ConfigMap kubelet-config is missing'] : [];
}

/** What this node's API server lacks; without a target, only to answer. */
export function apiServerMissing(context: ActionContext<unknown>, target?: string): string[] {
  const server = apiServerOf(context);
  if (server?.version === undefined) {
    return [`the API server of ${context.node.name} does not answer${server?.error ? ` (${server.error})` : ''}`];
  }
  if (target !== undefined && server.version !== target) {
    return [`the API server of ${context.node.name} answers with ${server.version}, not ${target}`];
  }
  return server.ready ? [] : [`the API server of ${context.node.name} is not ready`];
}

/** The facts once this node's control plane is at the target, by `apply` with the cluster's configuration. */
export function projectControlPlane(context: ActionContext<KubeadmOptions>, target: string, isApply = false): Facts {
  const { facts } = context;
  const object = objectNameOf(context);
  const keepsEtcd = context.with.etcdUpgrade === false || skips(context.with, 'control-plane');
  const etcd = etcdOfRelease(facts, target);
  const moved = withNode(facts, context.node.name, (node) =>
    withKubeletFiles(
      withComponents(node, target, (component) => (keepsEtcd ? component : etcdOf(component, target, etcd))),
      context,
      target,
    ),
  );
  if (!facts.cluster) return moved;
  const { apiServers, pods, kubeadmConfig, kubeletConfig } = facts.cluster;
  const servers = apiServers?.map((server) =>
    server.node === object ? { node: object, endpoint: server.endpoint, version: target, ready: true } : server,
  );
  const images = imagesOf(moved.nodes[context.node.name], object);
  const cluster = {
    ...facts.cluster,
    ...(servers && { apiServers: servers }),
    ...(pods && { pods: pods.map((pod) => withImage(pod, images)) }),
    ...(isApply && { kubeadmConfig: { ...kubeadmConfig, kubernetesVersion: target } }),
    ...(isApply && kubeletConfig && { kubeletConfig: present(kubeletConfig) }),
  };
  const after = { ...moved, cluster };
  return addonsAreDue(cluster, target, isApply)
    ? { ...after, cluster: projectAddons(after, target, context.with) }
    : after;
}

function present(kubeletConfig: KubeletConfigFact): KubeletConfigFact {
  const { missing: _, ...written } = kubeletConfig;
  return written;
}

function withComponents(node: NodeFacts, target: string, etcd: (now: Component) => Component): NodeFacts {
  if (!node.staticPods) return node;
  const moved = Object.entries(node.staticPods.components).map(([name, component]) => {
    if (name === 'etcd') return [name, etcd(component)] as const;
    const image = withTag(component.image, `v${target}`);
    return [
      name,
      COMPONENTS.includes(name) ? { image, tag: component.tag.startsWith('v') ? `v${target}` : target } : component,
    ] as const;
  });
  return { ...node, staticPods: { ...node.staticPods, components: Object.fromEntries(moved) } };
}

type Component = NonNullable<NodeFacts['staticPods']>['components'][string];

function withTag(image: string, tag: string): string {
  return `${withoutTag(image)}:${tag}`;
}

/**
 * kubeadm never takes etcd back. What a patch newer than the table brings is known as a lower bound alone; no patch of
 * Kubernetes brings another minor of etcd.
 */
function etcdOf(component: Component, target: string, known: EtcdOfRelease | undefined): Component {
  const shipped = known && known.by !== 'table' ? { atLeast: known.version, certain: true } : shippedEtcd(target);
  const now = etcdVersionOf(component.tag);
  if (!shipped || now === undefined) return component;
  const isNewer = compareVersions(shipped.atLeast, now) > 0;
  const isOpen = isOrNewer(component.tag) && minorOf(shipped.atLeast) === minorOf(now);
  const isCertain = shipped.certain && !isOpen;
  if (!isNewer && isCertain) return component;
  const version = isNewer ? shipped.atLeast : now;
  const tag = isCertain ? `${version}-0` : orNewer(version);
  return { image: withTag(component.image, tag), tag };
}

/** The image of each static pod by the name of its mirror pod. */
export function imagesOf(node: NodeFacts | undefined, object: string): ReadonlyMap<string, string> {
  const components = Object.entries(node?.staticPods?.components ?? {});
  return new Map(components.map(([name, component]) => [`${name}-${object}`, component.image]));
}

/** A mirror pod as it will be, ready and with its manifest's image; any other pod as it is. */
export function withImage(pod: PodFact, images: ReadonlyMap<string, string>): PodFact {
  const image = pod.mirror ? images.get(pod.name) : undefined;
  return image === undefined ? pod : { ...pod, ready: true, phase: 'Running', images: [image, ...pod.images.slice(1)] };
}
