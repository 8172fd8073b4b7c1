import { readFileSync } from 'node:fs';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';
import type { PdbFact } from '../../src/facts/pdbs.ts';
import type { PodFact } from '../../src/facts/pods.ts';

const PODS_PER_NODE = 8;
/** Workers that share the replicas of their workloads. */
const GROUP = 5;

/** Three control planes and a worker, as the lab is read at 1.31.9. */
const reading: Facts = JSON.parse(
  readFileSync(new URL('../fixtures/plan/cluster-1.31.9.json', import.meta.url), 'utf8'),
);

/** That cluster with so many nodes: its worker many times over, each with pods of workloads that are spread over some workers. */
export function largeCluster(count: number): { readonly facts: Facts; readonly inventory: string } {
  const { cluster = {} } = reading;
  const workers = Array.from({ length: count - 3 }, (_, index) => index);
  const names = workers.map((index) => `worker-${index + 1}`);
  const nodes: Record<string, NodeFacts> = { ...reading.nodes };
  for (const index of workers) nodes[names[index] ?? ''] = machine(reading.nodes['worker-1'] ?? {}, index);
  const own = (all: readonly PodFact[] = []) => all.filter((pod) => pod.node === 'worker-1');
  const facts: Facts = {
    nodes,
    cluster: {
      ...cluster,
      nodes: multiplied(cluster.nodes ?? [], ({ name }) => name, workers, object),
      leases: multiplied(
        cluster.leases ?? [],
        ({ node }) => node,
        workers,
        (lease, index) => ({
          ...lease,
          node: names[index] ?? '',
        }),
      ),
      pods: [
        ...(cluster.pods ?? []).filter((pod) => pod.node !== 'worker-1'),
        ...workers.flatMap((index) => own(cluster.pods).flatMap((pod) => podsOf(pod, index))),
      ],
      pdbs: workers
        .filter((index) => index % GROUP === 0)
        .flatMap((index) => cluster.pdbs?.map((pdb) => budget(pdb, index)) ?? []),
      ...(cluster.kubeProxy && {
        kubeProxy: { ...cluster.kubeProxy, desired: count, updated: count, available: count },
      }),
    },
  };
  const lines = Object.entries(nodes).map(([name, node]) => {
    const role = name.startsWith('cp') ? 'control-plane' : 'worker';
    return `  - { name: ${name}, host: ${node.machine?.addresses[0] ?? ''}, role: ${role} }\n`;
  });
  return { facts, inventory: `apiVersion: runbook/v1\nkind: Inventory\ncluster: lab\nnodes:\n${lines.join('')}` };
}

function multiplied<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  workers: readonly number[],
  copy: (one: T, index: number) => T,
): T[] {
  const model = all.filter((one) => nameOf(one) === 'worker-1');
  return [
    ...all.filter((one) => nameOf(one) !== 'worker-1'),
    ...workers.flatMap((index) => model.map((one) => copy(one, index))),
  ];
}

function ids(index: number) {
  const hex = (index + 16).toString(16);
  const uuid = (first: string) => `${first}0000000-0000-0000-0000-${hex.padStart(12, '0')}`;
  const address = `10.20.${Math.floor(index / 200)}.${(index % 200) + 1}`;
  return { machineId: hex.padStart(32, '0'), systemUuid: uuid('1'), bootId: uuid('2'), address };
}

function machine(model: NodeFacts, index: number): NodeFacts {
  const { address, ...own } = ids(index);
  const name = `worker-${index + 1}`;
  return {
    ...model,
    ...(model.machine && { machine: { ...model.machine, ...own, hostname: name, addresses: [address] } }),
    ...(model.kubelet && { kubelet: { ...model.kubelet, nodeName: name } }),
  };
}

function object(model: NodeObject, index: number): NodeObject {
  const { address, ...own } = ids(index);
  return { ...model, ...own, name: `worker-${index + 1}`, addresses: [{ type: 'InternalIP', address }] };
}

function podsOf(pod: PodFact, index: number): PodFact[] {
  const node = `worker-${index + 1}`;
  if (pod.controller?.kind === 'DaemonSet') return [{ ...pod, node, name: `${pod.name}-${index}` }];
  return Array.from({ length: PODS_PER_NODE }, (_, place) => {
    const app = `app-${Math.floor(index / GROUP)}-${place}`;
    const controller = { kind: 'ReplicaSet', name: app };
    return { ...pod, node, namespace: `team-${place}`, name: `${app}-${index}`, labels: { app }, controller };
  });
}

function budget(pdb: PdbFact, index: number): PdbFact {
  const app = `app-${Math.floor(index / GROUP)}-0`;
  const counts = { expectedPods: GROUP, currentHealthy: GROUP, desiredHealthy: GROUP - 1, disruptionsAllowed: 1 };
  return {
    ...pdb,
    ...counts,
    namespace: 'team-0',
    name: app,
    selector: { matchLabels: { app }, matchExpressions: [] },
  };
}
