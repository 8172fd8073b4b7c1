import { reportedRuntime } from '../services.ts';
import { stringify } from 'yaml';
import type { Cluster } from '../cluster.ts';
import { clientFiles } from '../etcd-endpoints.ts';
import { admissionResources } from './admission.ts';
import { members, type World } from '../world.ts';
import { attachmentObject, configMapObject, leaseObject, namespaceObject, workloadObject } from './more-objects.ts';
import { keptBudgets } from './budget-list.ts';
import { keptPods, keptPodsIn } from './kept.ts';
import { type ApiObject, nodeObject } from './objects.ts';
import { show } from './jsonpath.ts';
import { age } from './print.ts';
import type { Resource } from './resource.ts';
import { nodeCondition } from '../node-status.ts';

const part = (item: ApiObject, key: string): Record<string, unknown> => (item[key] ?? {}) as Record<string, unknown>;

function ageOf(item: ApiObject, world: World): string {
  return age(world.clock.now() - Date.parse(show(item.metadata['creationTimestamp'])));
}

const plainRow = (item: ApiObject, world: World): string[] => [item.metadata.name, ageOf(item, world)];

export const resources: readonly Resource[] = [
  {
    singular: 'node',
    names: ['node', 'nodes', 'no'],
    namespaced: false,
    list: (world, _namespace, names = []) =>
      members(world)
        .filter(({ name }) => names.length === 0 || names.includes(name))
        .map((machine) => nodeObject(world.cluster, machine)),
    columns: [
      'STATUS',
      'ROLES',
      'AGE',
      'VERSION',
      'INTERNAL-IP',
      'EXTERNAL-IP',
      'OS-IMAGE',
      'KERNEL-VERSION',
      'CONTAINER-RUNTIME',
    ],
    row: nodeRow,
  },
  {
    singular: 'pod',
    names: ['pod', 'pods', 'po'],
    namespaced: true,
    list: podObjects,
    columns: ['READY', 'STATUS', 'RESTARTS', 'AGE', 'IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES'],
    row: podRow,
  },
  {
    singular: 'poddisruptionbudget.policy',
    names: [
      'poddisruptionbudget',
      'poddisruptionbudgets',
      'pdb',
      'poddisruptionbudgets.policy',
      'poddisruptionbudget.policy',
    ],
    namespaced: true,
    list: ({ cluster }) => {
      cluster.tick();
      return keptBudgets(cluster);
    },
    columns: ['MIN AVAILABLE', 'MAX UNAVAILABLE', 'ALLOWED DISRUPTIONS', 'AGE'],
    row: (item, world) => {
      const spec = part(item, 'spec');
      return [
        show(spec['minAvailable'] ?? 'N/A'),
        show(spec['maxUnavailable'] ?? 'N/A'),
        show(part(item, 'status')['disruptionsAllowed']),
        ageOf(item, world),
      ];
    },
  },
  workloads('daemonset', 'DaemonSet', 'ds'),
  workloads('deployment', 'Deployment', 'deploy'),
  workloads('statefulset', 'StatefulSet', 'sts'),
  {
    singular: 'lease.coordination.k8s.io',
    names: ['lease', 'leases', 'lease.coordination.k8s.io', 'leases.coordination.k8s.io'],
    namespaced: true,
    list: (world) => members(world).map((machine) => leaseObject(world.cluster, machine)),
    columns: ['HOLDER', 'AGE'],
    row: (item, world) => [item.metadata.name, ageOf(item, world)],
  },
  {
    singular: 'configmap',
    names: ['configmap', 'configmaps', 'cm'],
    namespaced: true,
    list: (world) => configMaps(world.cluster),
    columns: ['DATA', 'AGE'],
    row: (item, world) => [String(Object.keys(part(item, 'data')).length), ageOf(item, world)],
  },
  {
    singular: 'namespace',
    names: ['namespace', 'namespaces', 'ns'],
    namespaced: false,
    list: (world) => world.cluster.store.namespaces.map((name) => namespaceObject(world.cluster, name)),
    columns: ['STATUS', 'AGE'],
    row: (item, world) => ['Active', ageOf(item, world)],
  },
  {
    singular: 'volumeattachment.storage.k8s.io',
    names: ['volumeattachment', 'volumeattachments', 'volumeattachments.storage.k8s.io'],
    namespaced: false,
    list: ({ cluster }) => {
      cluster.tick();
      return cluster.attachments.map((one) => attachmentObject(cluster, one));
    },
    columns: ['ATTACHER', 'PV', 'NODE', 'ATTACHED', 'AGE'],
    row: (item, world) => {
      const spec = part(item, 'spec');
      const volume = (spec['source'] as { persistentVolumeName?: string }).persistentVolumeName;
      return [item.metadata.name, 'csi.example.com', volume ?? '', show(spec['nodeName']), 'true', ageOf(item, world)];
    },
  },
  ...['replicaset.apps rs replicasets', 'job.batch jobs job', 'event events ev', 'secret secrets'].map(empty),
  ...admissionResources,
];

export function findResource(name: string): Resource | undefined {
  const wanted = name.toLowerCase();
  const [kind = '', ...group] = wanted.split('.');
  return resources.find(
    ({ names, singular }) =>
      names.includes(wanted) ||
      singular === wanted ||
      (group.length > 0 && names.includes(kind) && singular.endsWith(`.${group.join('.')}`)),
  );
}

function podObjects({ cluster }: World, namespace?: string): readonly ApiObject[] {
  cluster.tick();
  return namespace === undefined ? keptPods(cluster) : keptPodsIn(cluster, namespace);
}

function workloads(lower: string, kind: string, short: string): Resource {
  return {
    singular: `${lower}.apps`,
    names: [lower, `${lower}s`, short, `${lower}s.apps`],
    namespaced: true,
    list: (world, namespace) => {
      world.cluster.tick();
      return world.cluster.workloads
        .filter((workload) => workload.kind === kind && workload.group === undefined)
        .filter((workload) => namespace === undefined || workload.namespace === namespace)
        .map((workload) => workloadObject(world.cluster, workload));
    },
    columns:
      kind === 'DaemonSet'
        ? ['DESIRED', 'CURRENT', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE']
        : ['READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE'],
    row: (item, world) => {
      const status = part(item, 'status');
      const keys = [
        'desiredNumberScheduled',
        'currentNumberScheduled',
        'numberReady',
        'updatedNumberScheduled',
        'numberAvailable',
      ];
      if (kind === 'DaemonSet') return [...keys.map((key) => show(status[key])), ageOf(item, world)];
      return [
        `${show(status['readyReplicas'])}/${show(part(item, 'spec')['replicas'])}`,
        show(status['updatedReplicas']),
        show(status['availableReplicas']),
        ageOf(item, world),
      ];
    },
  };
}

function empty(names: string): Resource {
  const [singular = '', ...others] = names.split(' ');
  return { singular, names: others, namespaced: true, list: () => [], columns: ['AGE'], row: plainRow };
}

function nodeRow(item: ApiObject, world: World, wide: boolean): string[] {
  const machine = world.cluster.machineOf(item.metadata.name);
  if (!machine) return [];
  const seen = nodeCondition(world.cluster, machine);
  const ready = seen.status === 'True' ? 'Ready' : 'NotReady';
  const status = world.cluster.nodes.get(machine.name)?.unschedulable ? `${ready},SchedulingDisabled` : ready;
  const row = [
    status,
    'node-role.kubernetes.io/control-plane' in (item.metadata.labels ?? {}) ? 'control-plane' : '<none>',
    ageOf(item, world),
    `v${seen.kubeletVersion}`,
  ];
  return wide
    ? [...row, machine.ip, '<none>', 'Debian GNU/Linux 12 (bookworm)', '6.1.0-28-amd64', reportedRuntime(machine)]
    : row;
}

function podRow(item: ApiObject, world: World, wide: boolean): string[] {
  const status = part(item, 'status');
  const container = (status['containerStatuses'] as Record<string, unknown>[] | undefined)?.[0];
  const phase = item.metadata['deletionTimestamp'] === undefined ? show(status['phase']) : 'Terminating';
  const row = [
    container?.['ready'] === true ? '1/1' : '0/1',
    phase,
    show(container?.['restartCount'] ?? 0),
    ageOf(item, world),
  ];
  return wide
    ? [...row, show(status['podIP'] ?? '<none>'), show(part(item, 'spec')['nodeName'] ?? '<none>'), '<none>', '<none>']
    : row;
}

/** kubeadm-config's ClusterConfiguration, as YAML. */
export function configurationOf(cluster: Cluster): string {
  const { clusterConfiguration } = cluster.extras;
  if (clusterConfiguration !== undefined)
    return clusterConfiguration.replace(/^(kubernetesVersion:\s*["']?v?)[^\s"']*/m, `$1${cluster.version}`);
  const endpoints = cluster.machines[0]?.etcdEndpoints;
  const { extraArgs, etcdTag } = cluster.extras;
  const hasLists = Number(cluster.version.split('.')[1]) >= 31;
  const component = (name: string) => {
    const args = extraArgs[name];
    const list = Object.entries(args ?? {}).map(([flag, value]) => ({ name: flag, value }));
    return args ? { extraArgs: hasLists ? list : args } : {};
  };
  const local = { dataDir: '/var/lib/etcd', ...(etcdTag === undefined ? {} : { imageTag: etcdTag }) };
  const configuration = {
    apiServer: component('kube-apiserver'),
    apiVersion: `kubeadm.k8s.io/${hasLists ? 'v1beta4' : 'v1beta3'}`,
    certificatesDir: '/etc/kubernetes/pki',
    clusterName: 'kubernetes',
    controlPlaneEndpoint: cluster.endpoint,
    controllerManager: component('kube-controller-manager'),
    dns: {},
    etcd: endpoints ? { external: { ...clientFiles, endpoints } } : { local },
    imageRepository: 'registry.k8s.io',
    kind: 'ClusterConfiguration',
    kubernetesVersion: `v${cluster.version}`,
    networking: { dnsDomain: 'cluster.local', podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/12' },
    proxy: {},
    scheduler: component('kube-scheduler'),
  };
  return stringify(configuration);
}

function configMaps(cluster: Cluster): ApiObject[] {
  const { corefile, kubeProxyConfig, kubeletConfig, kubeletConfigMap, missingConfigMaps } = cluster.extras;
  const own: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['coredns', { Corefile: corefile }],
    ['kube-proxy', { 'config.conf': kubeProxyConfig }],
    ['kubeadm-config', { ClusterConfiguration: configurationOf(cluster) }],
    [kubeletConfigMap, { kubelet: kubeletConfig }],
  ];
  return [
    ...own.flatMap(([name, data]) => (missingConfigMaps.includes(name) ? [] : [configMapObject(cluster, name, data)])),
    ...cluster.store.configMaps.map(({ namespace, name, data }) => configMapObject(cluster, name, data, namespace)),
  ];
}
