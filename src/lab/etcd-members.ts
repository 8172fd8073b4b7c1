import { work } from './clock.ts';
import { hexOf } from './identity.ts';
import type { Machine } from './machine.ts';
import { tagOf } from './releases.ts';
import { etcdMachines, type World } from './world.ts';

export const unitVersion = '3.5.24';

/** A member's id: 64 bits, as etcd makes them; JSON readers that take it for a number lose its last digits. */
export function memberId(machine: Machine): bigint {
  const { known } = machine.etcd;
  if (known && machine.etcd.added === 0) return known.id;
  const again = machine.etcd.added > 0 ? `:${machine.etcd.added}` : '';
  return BigInt(`0x${hexOf(`etcd:${machine.name}${again}`, 16)}`) | (1n << 61n);
}

/** Its process runs; it may not serve yet. */
export function isAlive(machine: Machine): boolean {
  if (!machine.up || machine.etcd.dead) return false;
  // etcd ends once it finds that it was removed.
  if (machine.etcd.membership === 'none') return false;
  if (machine.etcd.unit) return machine.etcd.unit.active;
  // Without data that it could start with it never comes up.
  return (machine.staticPods.get('etcd')?.readyAt ?? Infinity) < Infinity;
}

/** It answers. */
export function isServing(machine: Machine): boolean {
  const { readyAt } = machine.etcd.unit ?? machine.staticPods.get('etcd') ?? { readyAt: 0 };
  return isAlive(machine) && readyAt <= machine.clock.now();
}

export function hasQuorum(world: World): boolean {
  const members = etcdMachines(world).filter((machine) => !machine.etcd.learner);
  const { clusterId } = world.cluster.store;
  const own = members.filter((machine) => isAlive(machine) && (machine.etcd.clusterId ?? clusterId) === clusterId);
  return own.length * 2 > members.length;
}

/** The one that led last, as long as it serves, then the first voter that does; none without a quorum. */
export function leaderOf(world: World): Machine | undefined {
  if (!hasQuorum(world)) return undefined;
  const { store } = world.cluster;
  const voters = etcdMachines(world).filter((machine) => isServing(machine) && !machine.etcd.learner);
  const leader = voters.find((machine) => machine.name === store.leader) ?? voters[0];
  if (leader) store.leader = leader.name;
  return leader;
}

/** Grows with the time, the same on all members but for a lag. */
export function raftIndex(machine: Machine, world: World): number {
  const elapsed = Math.floor((machine.clock.now() - world.cluster.createdAt) / 1000);
  return 100_000 + Math.max(0, elapsed) - machine.etcd.lag;
}

/** `3.5.24` of the image's `3.5.24-0`. */
export function memberVersion(machine: Machine): string {
  const own = machine.etcd.known?.version;
  if (own !== undefined) return own;
  const image = machine.staticPods.get('etcd')?.image ?? machine.etcd.lastImage;
  return machine.etcd.unit || image === undefined ? unitVersion : tagOf(image).replace(/-\d+$/, '');
}

/** Milliseconds for which kubeadm waits for a member that is down. */
const patience = 240_000;

/** Waits until all serve, as kubeadm does before and after it restarts its own; false: it timed out. @throws Killed */
export async function awaitMembers(world: World, signal: AbortSignal): Promise<boolean> {
  // kubeadm leaves an external etcd to its owner.
  if (world.machines.some((machine) => machine.etcd.unit)) return true;
  for (let waited = 0; !etcdMachines(world).every(isServing); waited += 1000) {
    if (waited >= patience) return false;
    await work(world.clock, 1000, signal);
  }
  return true;
}
