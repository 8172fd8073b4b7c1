import { etcdVersionOf, meetsFloor, shippedEtcd } from '../../facts/lib/etcd-releases.ts';
import type { Facts, NodeFacts } from '../../facts/facts.ts';
import type { KubeProxyFact } from '../../facts/kube-proxy.ts';
import type { PodFact } from '../../facts/pods.ts';
import { compareVersions } from '../../facts/lib/version.ts';
import { withNode } from '../../facts/lib/with-node.ts';
import type { ActionContext } from '../action.ts';
import type { KubeadmOptions } from './kubeadm-options.ts';
import { withKubeletFiles } from './kubelet-files.ts';
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
  const pods = COMPONENTS.flatMap((name) => {
    const files = several[name];
    if (files) return [`${name} has several manifests on ${context.node.name}: ${files.join(', ')}`];
    const tag = components[name]?.tag;
    if (tag === undefined) return [`${name} has no manifest on ${context.node.name}`];
    return bare(tag) === target ? [] : [`${name} is at ${bare(tag)}, not ${target}`];
  });
  return [...apiServerMissing(context, target), ...pods];
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

/** The facts once this node's control plane is at the target. */
export function projectControlPlane(context: ActionContext<KubeadmOptions>, target: string): Facts {
  const { facts } = context;
  const object = objectNameOf(context);
  const moved = withNode(facts, context.node.name, (node) =>
    withKubeletFiles(withComponents(node, target), context, target),
  );
  if (!facts.cluster) return moved;
  const { apiServers, kubeProxy, pods } = facts.cluster;
  const servers = apiServers?.map((server) =>
    server.node === object ? { node: object, endpoint: server.endpoint, version: target, ready: true } : server,
  );
  const last = servers?.every((server) => server.version === target) ?? false;
  const images = imagesOf(moved.nodes[context.node.name], object);
  return {
    ...moved,
    cluster: {
      ...facts.cluster,
      ...(servers && { apiServers: servers }),
      ...(kubeProxy && { kubeProxy: withProxy(kubeProxy, target, last) }),
      ...(pods && { pods: pods.map((pod) => withImage(pod, images)) }),
    },
  };
}

function withComponents(node: NodeFacts, target: string): NodeFacts {
  if (!node.staticPods) return node;
  const moved = Object.entries(node.staticPods.components).map(([name, component]) => {
    if (name === 'etcd') return [name, etcdOf(component, target)] as const;
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
  return image.replace(/(:[^:/@]*)?(@.*)?$/, `:${tag}`);
}

/** kubeadm never takes etcd back. The version that a release newer than the table brings is not known. */
function etcdOf(component: Component, target: string): Component {
  const shipped = shippedEtcd(target);
  const now = etcdVersionOf(component.tag);
  if (!shipped || now === undefined) return component;
  const isNewer = compareVersions(shipped.atLeast, now) > 0;
  if (!isNewer && (shipped.certain || meetsFloor(now))) return component;
  const tag = shipped.certain || meetsFloor(shipped.atLeast) ? `${shipped.atLeast}-0` : 'unknown';
  return { image: withTag(component.image, tag), tag };
}

/** From 1.28 on the addons move only with the last control plane; before, with the first (1.28 release notes). */
function withProxy(proxy: KubeProxyFact, target: string, last: boolean): KubeProxyFact {
  if (proxy.version === undefined || !(last || isBefore(target, 28))) return proxy;
  return { ...proxy, version: target, updated: proxy.desired, available: proxy.desired };
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
