import { hostOf } from './network.ts';
import { putFile, repositoryUrl } from './machine-files.ts';
import type { Machine } from './machine.ts';
import { minorOf, minors, revisionSuffix } from './releases.ts';
import { extraWorkloads, type WorkloadOption } from './workloads.ts';
import type { World } from './world.ts';

/** Something that is wrong with a cluster, and that an operator wants to hear of before an upgrade. */
export interface Problem {
  readonly what: string;
  /** Where it is planted unless the operator names a node. `cluster`: no node has it. */
  readonly at: 'control-plane' | 'worker' | 'cluster';
  plant(world: World, machine: Machine): Promise<void> | void;
}

/** What can be wrong with the parts of Kubernetes and with what runs there. */
export const clusterProblems: Readonly<Record<string, Problem>> = {
  'api-server-down': {
    what: "the node's API server does not answer",
    at: 'control-plane',
    plant: (_world, machine) => {
      const pod = machine.staticPods.get('kube-apiserver');
      if (pod) pod.readyAt = Number.POSITIVE_INFINITY;
    },
  },
  'old-kubelet': {
    what: 'the kubelet is three minors behind, or as far as the lab has releases',
    at: 'worker',
    plant: (_world, machine) => putBackKubelet(machine),
  },
  'no-repository': {
    what: 'the node does not reach the package repository',
    at: 'worker',
    plant: async (_world, machine) => {
      const hosts = await machine.fs.readFile('/etc/hosts');
      const { version } = machine.kubelet;
      await putFile(machine, '/etc/hosts', `${hosts}0.0.0.0 ${hostOf(repositoryUrl(version))}\n`);
    },
  },
  naked: {
    what: 'a pod that no controller brings back',
    at: 'worker',
    plant: (world, machine) => run(world, machine, 'naked'),
  },
  emptydir: {
    what: 'pods with data in an emptyDir',
    at: 'cluster',
    plant: (world, machine) => run(world, machine, 'emptydir'),
  },
  'blocked-pdb': {
    what: 'a PodDisruptionBudget that can never allow a disruption',
    at: 'cluster',
    plant: (world, machine) => run(world, machine, 'blocked-pdb'),
  },
};

/** Adds workloads that run at once, as those of `lab up --workloads` do. */
function run({ cluster, clock, machines }: World, machine: Machine, option: WorkloadOption): void {
  const workers = machines.filter((one) => one.role === 'worker').length;
  const { workloads, budgets, naked } = extraWorkloads([option], workers);
  const { createdAt } = cluster;
  cluster.workloads.push(...workloads);
  cluster.budgets = [...cluster.budgets, ...budgets];
  for (const pod of naked) {
    const image = 'registry.example.com/tool:1';
    cluster.pods.add({
      ...pod,
      image,
      emptyDir: false,
      createdAt,
      readyAt: createdAt,
      restarts: 0,
      node: machine.name,
    });
  }
  cluster.tick();
  for (const workload of workloads)
    for (const pod of cluster.pods.of(workload))
      cluster.pods.change(pod, { readyAt: Math.min(pod.readyAt, clock.now()) });
}

function putBackKubelet(machine: Machine): void {
  const now = minors.findIndex(({ minor }) => minor === minorOf(machine.kubelet.version));
  const old = minors[Math.max(0, now - 3)]?.patches.at(-1);
  const kubelet = machine.packages.get('kubelet');
  if (old === undefined || !kubelet) return;
  machine.kubelet = { ...machine.kubelet, version: old };
  kubelet.revision = `${old}${revisionSuffix}`;
}
