import { disksFile } from './disks.ts';
import { allowingNone, coversPod } from './evictions.ts';
import { startKubelet } from './kubelet-start.ts';
import { putFile } from './machine-files.ts';
import type { Machine } from './machine.ts';
import { hostOf } from './network.ts';
import { releasePackageLock } from './package-locks.ts';
import { registry } from './releases.ts';
import type { Budget } from './workloads.ts';
import { machineNamed, type World } from './world.ts';

/** How an operator ends a problem of `problems.ts`, by its name. */
const mends: Readonly<Record<string, (world: World, machine: Machine) => Promise<void> | void>> = {
  'package-lock': (_world, machine) => releasePackageLock(machine),
  'full-disk': (_world, machine) => machine.fs.rm(disksFile, { force: true }),
  'no-repository': (_world, machine) => reachAll(machine),
  'api-server-down': (_world, machine) => {
    const pod = machine.staticPods.get('kube-apiserver');
    if (pod) pod.readyAt = machine.clock.now();
  },
  'etcd-member-down': (_world, machine) => {
    machine.etcd.dead = false;
  },
  'not-ready': async (_world, machine) => {
    const { stoppedAt: _, ...running } = machine.kubelet;
    machine.kubelet = running;
    await startKubelet(machine, true);
  },
};

type End = () => Promise<void> | void;

/** Cuts a node off from the registry of images. @returns what ends that */
export async function cutOffRegistry(machine: Machine): Promise<End> {
  const hosts = await machine.fs.readFile('/etc/hosts');
  await putFile(machine, '/etc/hosts', `${hosts}0.0.0.0 ${hostOf(registry)}\n`);
  return () => reachAll(machine);
}

/**
 * From now on a budget allows no eviction of one of the pods on a node. @returns what ends that; undefined: the node has
 * no pod that a drain would evict
 */
export function blockEvictions({ cluster }: World, node: string): End | undefined {
  const pod = cluster.pods.all.find(
    (one) =>
      one.node === node &&
      one.deletedAt === undefined &&
      one.workload !== undefined &&
      one.workload.kind !== 'DaemonSet',
  );
  if (!pod) return undefined;
  const budget = cluster.budgets.find((one) => coversPod(one, pod));
  if (!budget) {
    const added: Budget = { namespace: pod.namespace, name: 'frozen', selector: pod.labels, maxUnavailable: 0 };
    cluster.budgets = [...cluster.budgets, added];
    return () => {
      cluster.budgets = cluster.budgets.filter((one) => one !== added);
    };
  }
  const blocking = allowingNone(budget);
  cluster.changeBudget(budget, blocking);
  return () => cluster.changeBudget(blocking, budget);
}

async function reachAll(machine: Machine): Promise<void> {
  const lines = (await machine.fs.readFile('/etc/hosts')).split('\n');
  await putFile(machine, '/etc/hosts', lines.filter((line) => !line.startsWith('0.0.0.0 ')).join('\n'));
}

/** Ends what `plantProblem` planted, as an operator does. @throws RangeError for one that it cannot end */
export async function mendProblem(world: World, name: string, node: string): Promise<void> {
  const machine = machineNamed(world, node);
  const mend = mends[name];
  if (!machine || !mend) throw new RangeError(`no way to end ${name} on ${node}`);
  await mend(world, machine);
}
