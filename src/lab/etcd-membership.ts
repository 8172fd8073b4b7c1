import { isAlive, isServing } from './etcd-members.ts';
import type { Machine } from './machine.ts';
import { etcdMachines, type World } from './world.ts';

/**
 * As etcd answers `member remove` with strict-reconfig-check, which is its default (server.go, mayRemoveMember).
 * @returns its error; undefined: it was removed
 */
export function removeMember(world: World, machine: Machine): string | undefined {
  if (machine.etcd.membership === 'none') return 'etcdserver: member not found';
  if (!machine.etcd.learner) {
    const voters = etcdMachines(world).filter((one) => !one.etcd.learner);
    const left = voters.filter((one) => one !== machine);
    const started = left.filter(({ etcd }) => etcd.membership === 'started').length;
    if (started < Math.floor(left.length / 2) + 1)
      return 'etcdserver: re-configuration failed due to not enough started members';
    const active = voters.filter(isAlive).length;
    if (isAlive(machine) && active - 1 < 1 + Math.floor((voters.length - 1) / 2))
      return 'etcdserver: unhealthy cluster';
  }
  machine.etcd.membership = 'none';
  machine.etcd.learner = false;
  return undefined;
}

/** A new member, which has not started; @returns etcd's error. */
export function addMember(world: World, machine: Machine, learner: boolean): string | undefined {
  const voters = etcdMachines(world).filter(({ etcd }) => !etcd.learner);
  if (machine.etcd.membership !== 'none') return 'etcdserver: Peer URLs already exists';
  if (voters.some((one) => one.etcd.membership === 'added' || !isServing(one))) return 'etcdserver: unhealthy cluster';
  const { etcd } = machine;
  etcd.membership = 'added';
  etcd.added += 1;
  etcd.learner = learner;
  return undefined;
}
