import type { ApiNode } from '../api-node.ts';
import type { Cluster } from '../cluster.ts';
import type { Machine } from '../machine.ts';
import type { TwinNodeObject } from './document.ts';
import type { Place } from './places.ts';

/** Taints that the node controller and a cordon make again by themselves. */
const made = /^node\.kubernetes\.io\/(unschedulable|not-ready|unreachable)$/;

/** The Node objects, as they are. */
export function writeNodes(cluster: Cluster, machines: ReadonlyMap<Place, Machine>): void {
  cluster.nodes.clear();
  for (const [{ object }, machine] of machines) if (object) cluster.nodes.set(machine.name, nodeOf(object, machine));
}

function nodeOf(object: TwinNodeObject, machine: Machine): ApiNode {
  const { name, labels, annotations, unschedulable, taints, addresses, machineId, systemUuid } = object;
  return {
    name,
    labels: { ...labels },
    annotations: { ...annotations },
    unschedulable,
    taints: taints
      .filter(({ key }) => !made.test(key))
      .map(({ key, effect, value }) => ({ key, effect, ...(value === undefined ? {} : { value }) })),
    reported: {
      addresses,
      machineId,
      systemUuid,
      ...(object.allocatable ? { allocatable: object.allocatable } : {}),
      ...(object.ready ? {} : { trouble: { ...troubleOf(object.readyReason), since: machine.kubelet.startedAt } }),
    },
  };
}

/** `KubeletNotReady: container runtime is down` */
function troubleOf(text: string): { readonly reason: string; readonly message: string } {
  const [, reason = text, message = ''] = /^([^:]*): ([\s\S]*)$/.exec(text) ?? [];
  return { reason, message };
}
