import type { Action, ActionContext, ActionNode, StepScript } from '../../src/actions/action.ts';
import { actions } from '../../src/actions/registry.ts';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';
import type { PodFact } from '../../src/facts/pods.ts';

export const NODES: readonly ActionNode[] = [
  { name: 'cp-1', host: '10.0.0.11', role: 'control-plane' },
  { name: 'cp-2', host: '10.0.0.12', role: 'control-plane' },
  { name: 'w-1', host: '10.0.0.21', role: 'worker' },
];

/** What one test changes about its node before it looks at an action. */
export interface Setting {
  readonly version?: string;
  readonly node?: string;
  readonly machine?: (facts: NodeFacts) => NodeFacts;
  readonly object?: (node: NodeObject) => NodeObject;
  readonly cluster?: (cluster: NonNullable<Facts['cluster']>) => NonNullable<Facts['cluster']>;
  readonly before?: { readonly unschedulable: boolean; readonly held: readonly string[] };
  readonly settings?: Partial<ActionContext<unknown>['settings']>;
}

/** Two control planes and a worker whose Node objects are called otherwise than the inventory calls the machines. */
export function contextFor(action: string, values: object, setting: Setting = {}): ActionContext<unknown> {
  const name = setting.node ?? 'w-1';
  const node = NODES.find((candidate) => candidate.name === name);
  if (!node) throw new Error(`no node ${name}`);
  return {
    with: actionNamed(action).schema.parse(values),
    node,
    nodes: NODES,
    facts: factsOf(setting, name),
    settings: { kubeconfig: '/etc/kubernetes/admin.conf', ...setting.settings },
    run: 'run-7',
    ...(setting.before ? { before: setting.before } : {}),
  };
}

export function actionNamed(name: string): Action {
  const action = actions.get(name);
  if (!action) throw new Error(`no action ${name}`);
  return action;
}

export function isDone(action: string, values: object, setting: Setting = {}) {
  return actionNamed(action).isDone(contextFor(action, values, setting));
}

export function scriptOf(action: string, values: object, setting: Setting = {}): StepScript {
  const script = actionNamed(action).script?.(contextFor(action, values, setting));
  if (!script) throw new Error(`${action} has no script`);
  return script;
}

export function objectName(node: string): string {
  return `${node}.example`;
}

function factsOf(setting: Setting, changed: string): Facts {
  const version = setting.version ?? '1.31.9';
  const machines = NODES.map((node, index) => {
    const facts = machineFacts(node, index, version);
    return [node.name, node.name === changed ? (setting.machine?.(facts) ?? facts) : facts] as const;
  });
  const objects = NODES.map((node, index) => {
    const object = nodeObject(node, index, version);
    return node.name === changed ? (setting.object?.(object) ?? object) : object;
  });
  const cluster = clusterFacts(objects, version);
  return { nodes: Object.fromEntries(machines), cluster: setting.cluster?.(cluster) ?? cluster };
}

function machineFacts(node: ActionNode, index: number, version: string): NodeFacts {
  const minor = version.split('.').slice(0, 2).join('.');
  const url = `https://pkgs.k8s.io/core:/stable:/v${minor}/deb/`;
  const image = (name: string) => ({ image: `registry.k8s.io/${name}:v${version}`, tag: `v${version}` });
  const revision = { revision: `${version}-1.1`, status: 'hi' };
  return {
    os: { id: 'debian', idLike: [], versionId: '12', prettyName: 'Debian GNU/Linux 12', packageManager: 'apt' },
    machine: {
      hostname: node.name,
      machineId: `machine${index}`,
      bootId: `boot${index}`,
      addresses: [node.host],
    },
    packages: {
      installed: { kubeadm: revision, kubelet: revision, kubectl: revision },
      held: ['kubeadm', 'kubectl', 'kubelet'],
    },
    repository: {
      sources: [
        {
          file: '/etc/apt/sources.list.d/kubernetes.list',
          line: 1,
          format: 'list',
          enabled: true,
          url,
          baseUrl: 'https://pkgs.k8s.io',
          channel: 'stable',
          minor,
          signedBy: '/etc/apt/keyrings/kubernetes-apt-keyring.gpg',
        },
      ],
    },
    offered: {
      '1.32': {
        url: 'https://pkgs.k8s.io/core:/stable:/v1.32/deb/',
        revisions: Object.fromEntries(
          ['kubeadm', 'kubelet', 'kubectl'].map((name) => [name, ['1.32.10-1.1', '1.32.9-2.1', '1.32.9-1.1']]),
        ),
      },
    },
    binaries: { kubeadm: version, kubelet: version, kubectl: version },
    staticPods:
      node.role === 'control-plane'
        ? {
            components: {
              'kube-apiserver': image('kube-apiserver'),
              'kube-controller-manager': image('kube-controller-manager'),
              'kube-scheduler': image('kube-scheduler'),
              etcd: { image: 'registry.k8s.io/etcd:3.5.24-0', tag: '3.5.24-0' },
            },
            apiServerEndpoint: `${node.host}:6443`,
          }
        : { components: {} },
    kubelet: { active: true, healthy: true, nodeName: objectName(node.name), startedAt: 2000, binaryChangedAt: 1000 },
  };
}

function nodeObject(node: ActionNode, index: number, version: string): NodeObject {
  return {
    name: objectName(node.name),
    labels: {},
    annotations: {},
    unschedulable: false,
    taints: [],
    ready: true,
    readyReason: 'KubeletReady',
    addresses: [{ type: 'InternalIP', address: node.host }],
    machineId: `machine${index}`,
    systemUuid: '',
    bootId: `boot${index}`,
    kubeletVersion: version,
    kubeProxyVersion: version,
    controlPlane: node.role === 'control-plane',
  };
}

function clusterFacts(nodes: readonly NodeObject[], version: string): NonNullable<Facts['cluster']> {
  const controlPlanes = nodes.filter((node) => node.controlPlane);
  return {
    nodes,
    apiServers: controlPlanes.map((node) => ({ node: node.name, endpoint: `${node.name}:6443`, version, ready: true })),
    pods: [
      ...controlPlanes.flatMap((node) => [
        mirrorPod(node.name, 'kube-apiserver', version),
        mirrorPod(node.name, 'kube-controller-manager', version),
        mirrorPod(node.name, 'kube-scheduler', version),
        { ...mirrorPod(node.name, 'etcd', version), images: ['registry.k8s.io/etcd:3.5.24-0'] },
      ]),
      ...nodes.map((node) =>
        pod(node.name, 'kube-proxy', { controller: { kind: 'DaemonSet', name: 'kube-proxy', exists: true } }),
      ),
      pod(objectName('w-1'), 'web', { controller: { kind: 'ReplicaSet', name: 'web' } }),
      pod(objectName('w-1'), 'naked', {}),
    ],
    kubeadmConfig: { kubernetesVersion: version },
    kubeProxy: { version, desired: 3, updated: 3, available: 3 },
    leases: nodes.map((node) => ({ node: node.name, renewTime: '1970-01-01T00:50:00.000000Z' })),
  };
}

export function pod(node: string, name: string, rest: Partial<PodFact>): PodFact {
  return {
    namespace: 'demo',
    name: `${name}-${node}`,
    node,
    labels: { app: name },
    phase: 'Running',
    ready: true,
    deleting: false,
    mirror: false,
    emptyDirs: [],
    images: [],
    restarts: 0,
    ...rest,
  };
}

function mirrorPod(node: string, name: string, version: string): PodFact {
  const images = [`registry.k8s.io/${name}:v${version}`];
  return pod(node, name, { namespace: 'kube-system', mirror: true, images });
}
