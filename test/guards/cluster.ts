import type { ApiServerFact } from '../../src/facts/api-servers.ts';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { KubeletFact } from '../../src/facts/kubelet.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';
import type { PdbFact } from '../../src/facts/pdbs.ts';
import type { PodFact } from '../../src/facts/pods.ts';
import { bindStep, type BoundStep } from '../../src/actions/bound-step.ts';
import { actionNamed } from '../actions/cluster.ts';
import type { GuardNode } from '../../src/guards/guard.ts';

/** A cluster in short: what a case says, everything else as it is on a healthy one. */
export interface ClusterSketch {
  /** Version by control plane; null: its API server does not answer. */
  readonly apiServers?: Readonly<Record<string, string | null>>;
  /** Version of the running kubelet by node. */
  readonly kubelets: Readonly<Record<string, string>>;
  /** Version of the kubelet's package by node, where it is another than the running one. */
  readonly installed?: Readonly<Record<string, string>>;
  readonly kubeProxy?: string;
  readonly kubeadm?: Readonly<Record<string, string>>;
  readonly kubectl?: Readonly<Record<string, string>>;
  /** Version of the static pod by node. */
  readonly controllerManagers?: Readonly<Record<string, string>>;
  readonly schedulers?: Readonly<Record<string, string>>;
  readonly clusterVersion?: string;
  readonly cordoned?: readonly string[];
  readonly notReady?: readonly string[];
  /** `server:` of the kubelet's kubeconfig: a node's name stands for its own API server; otherwise as written. */
  readonly server?: Readonly<Record<string, string>>;
}

export function sketch(cluster: ClusterSketch): Facts {
  const names = Object.keys(cluster.kubelets);
  const controlPlanes = Object.keys(cluster.apiServers ?? {});
  return {
    nodes: Object.fromEntries(names.map((name) => [name, machineOf(cluster, name)])),
    cluster: {
      nodes: names.map((name) =>
        nodeObject(name, {
          kubeletVersion: cluster.kubelets[name] ?? '',
          controlPlane: controlPlanes.includes(name),
          unschedulable: cluster.cordoned?.includes(name) ?? false,
          ready: !(cluster.notReady?.includes(name) ?? false),
        }),
      ),
      ...(cluster.apiServers ? { apiServers: Object.entries(cluster.apiServers).map(apiServer) } : {}),
      ...(cluster.kubeProxy === undefined
        ? {}
        : { kubeProxy: { version: cluster.kubeProxy, desired: 1, updated: 1, available: 1 } }),
      ...(cluster.clusterVersion === undefined ? {} : { kubeadmConfig: { kubernetesVersion: cluster.clusterVersion } }),
    },
  };
}

function machineOf(cluster: ClusterSketch, name: string): NodeFacts {
  const installed = cluster.installed?.[name] ?? cluster.kubelets[name] ?? '';
  const kubeadm = cluster.kubeadm?.[name];
  const kubectl = cluster.kubectl?.[name];
  const manager = cluster.controllerManagers?.[name];
  const scheduler = cluster.schedulers?.[name];
  return {
    machine: { hostname: name, machineId: `id-${name}`, bootId: `boot-${name}`, addresses: [addressOf(name)] },
    kubelet: kubeletOf(name, cluster.server?.[name]),
    packages: { installed: { kubelet: { revision: `${installed}-1.1`, status: 'ii' } }, held: [] },
    ...(kubeadm === undefined && kubectl === undefined
      ? {}
      : { binaries: { ...(kubeadm === undefined ? {} : { kubeadm }), ...(kubectl === undefined ? {} : { kubectl }) } }),
    ...(manager === undefined && scheduler === undefined
      ? {}
      : {
          staticPods: {
            components: {
              ...(manager === undefined ? {} : { 'kube-controller-manager': component(manager) }),
              ...(scheduler === undefined ? {} : { 'kube-scheduler': component(scheduler) }),
            },
          },
        }),
  };
}

function component(version: string) {
  return { image: `registry.k8s.io/component:v${version}`, tag: version };
}

function kubeletOf(name: string, server: string | undefined): KubeletFact {
  const url = server === undefined || server.startsWith('https:') ? server : `https://${addressOf(server)}:6443`;
  return { nodeName: name, active: true, healthy: true, ...(url === undefined ? {} : { server: url }) };
}

function apiServer([node, version]: [string, string | null]): ApiServerFact {
  const endpoint = `${addressOf(node)}:6443`;
  return version === null
    ? { node, endpoint, ready: false, error: 'connection refused' }
    : { node, endpoint, version, ready: true };
}

export function addressOf(name: string): string {
  return `10.0.${name.startsWith('c') ? 1 : 2}.${name.replaceAll(/\D/g, '')}`;
}

export function nodeObject(name: string, change: Partial<NodeObject> = {}): NodeObject {
  return {
    name,
    labels: {},
    annotations: {},
    unschedulable: false,
    taints: [],
    ready: true,
    readyReason: 'KubeletReady: kubelet is posting ready status',
    addresses: [
      { type: 'InternalIP', address: addressOf(name) },
      { type: 'Hostname', address: name },
    ],
    machineId: `id-${name}`,
    systemUuid: '',
    bootId: `boot-${name}`,
    kubeletVersion: '1.31.9',
    kubeProxyVersion: '',
    controlPlane: name.startsWith('c'),
    ...change,
  };
}

export function pod(name: string, node: string, change: Partial<PodFact> = {}): PodFact {
  return {
    namespace: 'demo',
    name,
    node,
    labels: { app: name.split('-')[0] ?? name },
    phase: 'Running',
    ready: true,
    deleting: false,
    controller: { kind: 'ReplicaSet', name: 'rs' },
    mirror: false,
    emptyDirs: [],
    images: ['web:1'],
    restarts: 0,
    ...change,
  };
}

export function pdb(name: string, change: Partial<PdbFact> = {}): PdbFact {
  return {
    namespace: 'demo',
    name,
    selector: { matchLabels: { app: 'web' }, matchExpressions: [] },
    disruptionsAllowed: 1,
    expectedPods: 3,
    currentHealthy: 3,
    desiredHealthy: 2,
    generation: 1,
    observedGeneration: 1,
    ...change,
  };
}

export function guardNode(name: string, change: Partial<GuardNode> = {}): GuardNode {
  return { name, host: addressOf(name), role: name.startsWith('c') ? 'control-plane' : 'worker', ...change };
}

export function guardNodes(facts: Facts): GuardNode[] {
  return Object.keys(facts.nodes).map((name) => guardNode(name));
}

export function stepOn(name: string, action: string, options: Readonly<Record<string, unknown>> = {}): BoundStep {
  return bindStep(`1.1-${action}`, guardNode(name), actionNamed(action), options);
}
