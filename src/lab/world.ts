import type { Clock } from './clock.ts';
import type { Cluster } from './cluster.ts';
import type { Machine } from './machine.ts';

/** What an inventory says beside how to log in. */
export interface SourceInventory {
  readonly cluster: string;
  /** By the name in the inventory; other machines of the cluster are not in it. */
  readonly vars: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** Everything that is simulated: machines, and the cluster that lives on them. */
export interface World {
  readonly clock: Clock;
  readonly machines: readonly Machine[];
  readonly cluster: Cluster;
  /** Of a twin: the inventory that its source has. */
  readonly source?: SourceInventory;
  /** Releases of Kubernetes that there are beside those that the lab knows. */
  readonly releases?: ReadonlySet<string>;
}

export function machineNamed(world: World, name: string): Machine | undefined {
  return world.machines.find((machine) => machine.alias === name) ?? world.machines.find((one) => one.name === name);
}

export function controlPlanes(world: World): Machine[] {
  return world.machines.filter((machine) => machine.isControlPlane);
}

/** The machines that have a member of etcd: those of their own, else those of the control planes, also after a reset. */
export function etcdMachines(world: World): Machine[] {
  const own: Machine[] = [];
  const stacked: Machine[] = [];
  for (const machine of world.machines) {
    const { role, etcd } = machine;
    if (etcd.unit !== undefined) own.push(machine);
    else if (role === 'control-plane' && etcd.membership !== 'none') stacked.push(machine);
  }
  return own.length > 0 ? own : stacked;
}

/** The machines that are nodes of the cluster. */
export function members(world: World): Machine[] {
  return world.machines.filter((machine) => world.cluster.nodes.has(machine.name));
}
