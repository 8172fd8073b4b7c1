import { reportedRuntime } from '../services.ts';
import { requestsOf } from '../evictions.ts';
import { allocatable, type Workload } from '../workloads.ts';
import type { Cluster } from '../cluster.ts';
import { templateHash } from '../controllers.ts';
import type { Pod } from '../pods.ts';
import { hexOf, uuidOf } from '../identity.ts';
import { specOf } from '../pod-shape.ts';
import type { Machine, StaticPod } from '../machine.ts';
import { minorNumber } from '../releases.ts';
import { conditionTaints, mirrorsReady } from './kubelet-view.ts';
import { nodeCondition, reportedAt } from '../node-status.ts';

/** An API object as JSON. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  } & Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** RFC 3339 with whole seconds, as the API writes times. */
export function apiTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -'.000Z'.length)}Z`;
}

export function metadata(
  cluster: Cluster,
  name: string,
  namespace: string | undefined,
  more: Record<string, unknown> = {},
) {
  return {
    creationTimestamp: apiTime(cluster.createdAt),
    ...more,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    resourceVersion: '1000',
    uid: uuidOf(`${namespace ?? ''}/${name}`),
  };
}

export function nodeObject(cluster: Cluster, machine: Machine): ApiObject {
  const node = cluster.nodes.get(machine.name);
  const seen = nodeCondition(cluster, machine);
  const heartbeat = apiTime(reportedAt(machine, cluster.clock));
  const pressure = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
    lastHeartbeatTime: heartbeat,
    lastTransitionTime: apiTime(cluster.createdAt),
    message: `kubelet has no ${type}`,
    reason: `KubeletHasNo${type}`,
    status: 'False',
    type,
  }));
  const taints = [
    ...(node?.taints ?? []),
    ...(node?.unschedulable
      ? [{ effect: 'NoSchedule', key: 'node.kubernetes.io/unschedulable', timeAdded: apiTime(cluster.clock.now()) }]
      : []),
    ...conditionTaints(seen, apiTime(cluster.clock.now())),
  ];
  const resources = node?.reported?.allocatable
    ? quantities(node.reported.allocatable)
    : {
        cpu: String(allocatable.cpu / 1000),
        'ephemeral-storage': '38594307623',
        'hugepages-2Mi': '0',
        memory: `${allocatable.memory}Mi`,
        pods: '110',
      };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: metadata(cluster, machine.name, undefined, {
      annotations: { ...node?.annotations },
      labels: { ...node?.labels },
    }),
    spec: {
      podCIDR: `10.244.${machine.ip.split('.')[3]}.0/24`,
      ...(taints.length > 0 ? { taints } : {}),
      ...(node?.unschedulable ? { unschedulable: true } : {}),
    },
    status: {
      addresses: node?.reported?.addresses ?? [
        { address: machine.ip, type: 'InternalIP' },
        { address: machine.name, type: 'Hostname' },
      ],
      allocatable: resources,
      capacity: resources,
      conditions: [
        ...pressure,
        {
          lastHeartbeatTime: heartbeat,
          lastTransitionTime: apiTime(machine.kubelet.startedAt),
          message: seen.message,
          reason: seen.reason,
          status: seen.status,
          type: 'Ready',
        },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      images: [],
      nodeInfo: {
        architecture: 'amd64',
        bootID: machine.bootId,
        containerRuntimeVersion: reportedRuntime(machine),
        kernelVersion: machine.kernelRelease,
        kubeProxyVersion: minorNumber(seen.kubeletVersion) >= 36 ? '' : `v${seen.kubeletVersion}`,
        kubeletVersion: `v${seen.kubeletVersion}`,
        machineID: node?.reported?.machineId ?? machine.machineId,
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        systemUUID: node?.reported?.systemUuid ?? machine.systemUuid,
      },
    },
  };
}

export function podObject(cluster: Cluster, pod: Pod): ApiObject {
  const ready = cluster.isReady(pod);
  const scheduled = pod.node !== undefined;
  const { workload, shape } = pod;
  const owner = workload && {
    ...(pod.owner ?? ownerOf(workload)),
    blockOwnerDeletion: true,
    controller: true,
    uid: uuidOf(`owner:${workload.name}`),
  };
  const container = workload?.name ?? pod.name;
  const { cpu, memory } = requestsOf(pod);
  const place = { ...(scheduled ? { nodeName: pod.node } : {}), restartPolicy: 'Always' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata(cluster, pod.name, pod.namespace, { labels: { ...pod.labels } }),
      creationTimestamp: apiTime(pod.createdAt),
      ...(pod.deletedAt === undefined
        ? {}
        : { deletionGracePeriodSeconds: 30, deletionTimestamp: apiTime(pod.deletedAt) }),
      ...(owner ? { ownerReferences: [owner] } : {}),
      ...(pod.finalizers ? { finalizers: pod.finalizers } : {}),
    },
    spec: shape
      ? { ...specOf(shape, container, pod.name), ...place }
      : {
          containers: [
            {
              image: pod.image,
              imagePullPolicy: 'IfNotPresent',
              name: container,
              resources: { requests: { cpu: `${cpu}m`, memory: `${memory}Mi` } },
            },
          ],
          ...place,
          terminationGracePeriodSeconds: 30,
          tolerations: workload?.toleratesControlPlane
            ? [{ effect: 'NoSchedule', key: 'node-role.kubernetes.io/control-plane' }]
            : [],
          volumes: [
            ...(pod.emptyDir ? [{ emptyDir: {}, name: 'scratch' }] : []),
            ...(workload?.volumes ? [{ name: 'data', persistentVolumeClaim: { claimName: pod.name } }] : []),
          ],
        },
    status: podStatus(cluster, {
      ready,
      scheduled,
      node: pod.node,
      container,
      image: pod.image,
      restarts: pod.restarts,
      startedAt: pod.createdAt,
      ...(pod.phase === undefined ? {} : { phase: pod.phase }),
    }),
  };
}

function ownerOf(workload: Workload) {
  const isDeployment = workload.kind === 'Deployment';
  return {
    apiVersion: `${workload.group ?? 'apps'}/v1`,
    kind: isDeployment ? 'ReplicaSet' : workload.kind,
    name: isDeployment ? `${workload.name}-${templateHash(workload)}` : workload.name,
  };
}

interface StatusParts {
  readonly ready: boolean;
  readonly scheduled: boolean;
  readonly node: string | undefined;
  readonly container: string;
  readonly image: string;
  readonly restarts: number;
  readonly startedAt: number;
  /** Default: it runs, once it is scheduled. */
  readonly phase?: string;
}

/** cpu is in thousandths. */
function quantities(amounts: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, value]) => [name, name === 'cpu' ? `${value}m` : String(value)]),
  );
}

function podStatus(cluster: Cluster, parts: StatusParts): Record<string, unknown> {
  const time = apiTime(parts.startedAt);
  const type = (name: string, ok: boolean) => ({
    lastProbeTime: null,
    lastTransitionTime: time,
    status: ok ? 'True' : 'False',
    type: name,
  });
  const ip = parts.node === undefined ? undefined : cluster.machineOf(parts.node)?.ip;
  if (!parts.scheduled)
    return {
      conditions: [{ ...type('PodScheduled', false), message: 'no node is schedulable', reason: 'Unschedulable' }],
      phase: 'Pending',
      qosClass: 'Burstable',
    };
  return {
    conditions: [
      type('Initialized', true),
      type('Ready', parts.ready),
      type('ContainersReady', parts.ready),
      type('PodScheduled', true),
    ],
    containerStatuses: [
      {
        containerID: `containerd://${hexOf(`${parts.container}${time}`, 64)}`,
        image: parts.image,
        imageID: `sha256:${hexOf(parts.image, 64)}`,
        lastState: {},
        name: parts.container,
        ready: parts.ready,
        restartCount: parts.restarts,
        started: parts.ready,
        state: { running: { startedAt: time } },
      },
    ],
    hostIP: ip,
    phase: parts.phase ?? 'Running',
    podIP: ip,
    qosClass: 'Burstable',
    startTime: time,
  };
}

/** Whether its kubelet shows the mirror of a static pod as ready. */
export function mirrorIsReady({ clock }: Cluster, machine: Machine, component: string, pod: StaticPod): boolean {
  const { readyAt, shownReadyAt = readyAt } = pod;
  const isShown = mirrorsReady(machine) && Math.max(readyAt, shownReadyAt) <= clock.now();
  return isShown && !(component === 'etcd' && machine.etcd.dead);
}

export function mirrorPodObject(cluster: Cluster, machine: Machine, component: string, pod: StaticPod): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(cluster, `${component}-${machine.name}`, 'kube-system', {
      annotations: {
        'kubernetes.io/config.hash': pod.hash,
        'kubernetes.io/config.mirror': pod.hash,
        'kubernetes.io/config.seen': apiTime(pod.startedAt),
        'kubernetes.io/config.source': 'file',
        ...(component === 'kube-apiserver'
          ? {
              'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint':
                machine.apiServerEndpoint ?? `${machine.ip}:6443`,
            }
          : {}),
        ...(component === 'etcd'
          ? { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': `https://${machine.ip}:2379` }
          : {}),
      },
      labels: pod.labels ?? { component, tier: 'control-plane' },
      ownerReferences: [
        { apiVersion: 'v1', controller: true, kind: 'Node', name: machine.name, uid: uuidOf(`/${machine.name}`) },
      ],
    }),
    spec: pod.shape
      ? {
          ...specOf({ ...pod.shape, images: [pod.image, ...pod.shape.images.slice(1)] }, component, component),
          hostNetwork: true,
          nodeName: machine.name,
        }
      : {
          containers: [
            {
              command: [component],
              image: pod.image,
              imagePullPolicy: 'IfNotPresent',
              name: component,
              resources: { requests: { cpu: '100m' } },
            },
          ],
          hostNetwork: true,
          nodeName: machine.name,
          priority: 2000001e3,
          priorityClassName: 'system-node-critical',
          restartPolicy: 'Always',
          tolerations: [
            {
              effect: 'NoExecute',
              operator: 'Exists',
            },
          ],
          volumes: [
            {
              hostPath: {
                path: '/etc/kubernetes/pki',
                type: 'DirectoryOrCreate',
              },
              name: 'k8s-certs',
            },
          ],
        },
    status: podStatus(cluster, {
      ready: mirrorIsReady(cluster, machine, component, pod),
      scheduled: true,
      node: machine.name,
      container: component,
      image: pod.image,
      restarts: pod.restarts,
      startedAt: pod.startedAt,
    }),
  };
}
