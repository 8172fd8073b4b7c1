import type { AuditEntry } from './audit.ts';
import type { MachineRole } from './machine.ts';
import { tagOf } from './releases.ts';
import { readSources } from './tools/repositories.ts';
import { readRepositories } from './tools/rpm-repositories.ts';
import { etcdMachines, type World } from './world.ts';
import { nodeCondition } from './node-status.ts';

export interface NodeState {
  readonly name: string;
  readonly role: MachineRole;
  /** It has a Node object. */
  readonly member: boolean;
  readonly ready: boolean;
  readonly unschedulable: boolean;
  readonly rebooted: boolean;
  /** Without their revision. */
  readonly packages: Readonly<Record<string, string>>;
  readonly held: readonly string[];
  readonly repoMinor: string;
  readonly kubeletRunning: string;
  /** What the node's container runtime is: `containerd://2.0.5`. */
  readonly containerRuntime: string;
  readonly staticPods: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly commands: readonly AuditEntry[];
}

export interface LabState {
  readonly cluster: {
    readonly version: string;
    readonly kubeProxy: string;
    readonly coreDns: string;
    /** Of etcd: the machines that have one, and those whose member never started or has no vote yet. */
    readonly etcdMembers: readonly {
      readonly node: string;
      readonly started: boolean;
      readonly learner: boolean;
    }[];
    readonly pods: readonly {
      readonly namespace: string;
      readonly name: string;
      readonly node: string | null;
      readonly ready: boolean;
    }[];
  };
  readonly nodes: readonly NodeState[];
}

/** What is true in the lab now: the ground truth that runs are held against. */
export async function readState(world: World): Promise<LabState> {
  const { cluster } = world;
  cluster.tick();
  const nodes = await Promise.all(
    world.machines.map(async (machine): Promise<NodeState> => {
      const node = cluster.nodes.get(machine.name);
      const [source] = [
        ...(await readSources(machine)),
        ...(await readRepositories(machine)).filter((repository) => repository.enabled),
      ];
      return {
        name: machine.name,
        role: machine.role,
        member: node !== undefined,
        ready: node !== undefined && machine.up && nodeCondition(cluster, machine).status === 'True',
        unschedulable: node?.unschedulable ?? false,
        rebooted: machine.rebooted,
        packages: Object.fromEntries(
          ['kubeadm', 'kubelet', 'kubectl', 'kubernetes-cni', 'cri-tools'].map((name) => [
            name,
            machine.installed(name) ?? '',
          ]),
        ),
        held: [...machine.packages]
          .filter(([, pkg]) => pkg.held)
          .map(([name]) => name)
          .sort(),
        repoMinor: source?.minor ?? '',
        kubeletRunning: machine.role === 'other' ? '' : machine.kubelet.version,
        containerRuntime: machine.role === 'other' ? '' : machine.containerRuntime,
        staticPods: Object.fromEntries([...machine.staticPods].map(([name, pod]) => [name, tagOf(pod.image)])),
        annotations: { ...node?.annotations },
        commands: machine.audit.entries.map((entry) => ({ ...entry })),
      };
    }),
  );
  const pods = cluster.pods.all
    .filter((pod) => pod.deletedAt === undefined)
    .map((pod) => ({ namespace: pod.namespace, name: pod.name, node: pod.node ?? null, ready: cluster.isReady(pod) }));
  const etcdMembers = etcdMachines(world).map(({ name, etcd }) => ({
    node: name,
    started: etcd.membership === 'started',
    learner: etcd.learner,
  }));
  return {
    cluster: {
      version: cluster.version,
      kubeProxy: cluster.kubeProxyVersion,
      coreDns: cluster.coreDnsVersion,
      etcdMembers,
      pods,
    },
    nodes,
  };
}
