import type { Cluster } from '../cluster.ts';
import { wantedNodes } from '../controllers.ts';
import type { Machine } from '../machine.ts';
import type { Attachment } from '../volumes.ts';
import type { Budget, Workload } from '../workloads.ts';
import { apiTime, metadata, type ApiObject } from './objects.ts';
import { leaseRenewedAt } from '../node-status.ts';

export function budgetObject(cluster: Cluster, budget: Budget): ApiObject {
  const status = cluster.budgetStatusNow(budget);
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(cluster, budget.name, budget.namespace, { generation: budget.generation ?? 1 }),
    spec: {
      ...(budget.minAvailable === undefined ? {} : { minAvailable: budget.minAvailable }),
      ...(budget.maxUnavailable === undefined ? {} : { maxUnavailable: budget.maxUnavailable }),
      ...(budget.freesUnhealthy ? { unhealthyPodEvictionPolicy: 'AlwaysAllow' } : {}),
      ...(budget.matchesNothing
        ? {}
        : {
            selector: {
              matchLabels: budget.selector,
              ...(budget.expressions?.length ? { matchExpressions: budget.expressions } : {}),
            },
          }),
    },
    status: {
      currentHealthy: status.healthy,
      desiredHealthy: status.desired,
      disruptionsAllowed: status.allowed,
      expectedPods: status.expected,
      observedGeneration: budget.observedGeneration ?? budget.generation ?? 1,
      ...(budget.syncFailed === undefined
        ? {}
        : {
            conditions: [
              {
                lastTransitionTime: apiTime(cluster.createdAt),
                message: budget.syncFailed,
                reason: 'SyncFailed',
                status: 'False',
                type: 'DisruptionAllowed',
              },
            ],
          }),
    },
  };
}

export function workloadObject(cluster: Cluster, workload: Workload): ApiObject {
  const pods = cluster.pods.of(workload).filter((pod) => pod.deletedAt === undefined);
  const ready = pods.filter((pod) => cluster.isReady(pod)).length;
  const updated = pods.filter((pod) => pod.image === workload.image).length;
  const template = {
    metadata: { labels: workload.labels },
    spec: {
      containers: [
        {
          image: workload.image,
          name: workload.name,
          ...(workload.name === 'coredns' ? { resources: cluster.extras.coreDnsResources } : {}),
        },
      ],
    },
  };
  const base = {
    apiVersion: `${workload.group ?? 'apps'}/v1`,
    metadata: metadata(cluster, workload.name, workload.namespace, { generation: 1, labels: { ...workload.labels } }),
  };
  if (workload.kind === 'DaemonSet') {
    const desired = wantedNodes(cluster, workload).length;
    return {
      ...base,
      kind: 'DaemonSet',
      spec: { selector: { matchLabels: workload.labels }, template },
      status: {
        currentNumberScheduled: pods.length,
        desiredNumberScheduled: desired,
        numberAvailable: ready,
        numberMisscheduled: 0,
        numberReady: ready,
        observedGeneration: 1,
        updatedNumberScheduled: updated,
      },
    };
  }
  return {
    ...base,
    kind: workload.kind,
    spec: { replicas: workload.replicas, selector: { matchLabels: workload.labels }, template },
    status: {
      availableReplicas: ready,
      observedGeneration: 1,
      readyReplicas: ready,
      replicas: pods.length,
      updatedReplicas: updated,
      unavailableReplicas: workload.replicas - ready,
    },
  };
}

/** When a node's Lease was renewed last, in microseconds. */
export function leaseTime(cluster: Cluster, machine: Machine): string {
  return `${new Date(leaseRenewedAt(machine, cluster.clock)).toISOString().slice(0, -1)}000Z`;
}

export function leaseObject(cluster: Cluster, machine: Machine): ApiObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: metadata(cluster, machine.name, 'kube-node-lease'),
    spec: { holderIdentity: machine.name, leaseDurationSeconds: 40, renewTime: leaseTime(cluster, machine) },
  };
}

export function configMapObject(
  cluster: Cluster,
  name: string,
  data: Readonly<Record<string, string>>,
  namespace = 'kube-system',
): ApiObject {
  return { apiVersion: 'v1', data, kind: 'ConfigMap', metadata: metadata(cluster, name, namespace) };
}

export function namespaceObject(cluster: Cluster, name: string): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: metadata(cluster, name, undefined),
    spec: {},
    status: { phase: 'Active' },
  };
}

export function attachmentObject(cluster: Cluster, { name, node, volume }: Attachment): ApiObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: metadata(cluster, name, undefined),
    spec: { attacher: 'csi.example.com', nodeName: node, source: { persistentVolumeName: volume } },
    status: { attached: true },
  };
}
