import { members, type World } from '../world.ts';
import { keptMirror } from './kept.ts';
import { nodesApartFromReports } from './node-list.ts';
import { leaseTime } from './more-objects.ts';
import type { ApiObject } from './objects.ts';
import { listOf, printObjects } from './print.ts';
import { findResource } from './resources.ts';

/**
 * All objects of a kind, as an API server lists them now. One that is as it was is the same object.
 * @param namespace where those of others may be left out
 * @throws RangeError for a kind that the lab does not have
 */
export function listedObjects(world: World, kind: string, namespace?: string): readonly ApiObject[] {
  const resource = findResource(kind);
  if (!resource) throw new RangeError(`the lab has no ${kind}`);
  return resource.list(world, namespace);
}

/** What `kubectl get -o FORM` prints of a list of these. @throws RangeError for another form */
export function printedObjects(objects: readonly ApiObject[], form: string): string {
  const printed = printObjects(listOf(objects), objects, form, '');
  if (printed === undefined) throw new RangeError(`the lab has no form ${form}`);
  return printed;
}

/**
 * All Node objects. One in which nothing is new but the time of its kubelet's report is the same object: its time may
 * be that of an earlier report since the kubelet started.
 */
export function listedNodes(world: World): readonly ApiObject[] {
  return nodesApartFromReports(world.cluster);
}

/** The mirrors of one component's static pods (`kube-apiserver`), as their kubelets show them now. */
export function listedMirrors({ cluster }: World, component: string): readonly ApiObject[] {
  return cluster.withStaticPods().flatMap((machine) => {
    const pod = machine.staticPods.get(component);
    return pod ? [keptMirror(cluster, machine, component, pod)] : [];
  });
}

/** By the names of their nodes, what the `renewTime` of all Leases of nodes is. */
export function renewals(world: World): ReadonlyMap<string, string> {
  return new Map(members(world).map((machine) => [machine.name, leaseTime(world.cluster, machine)]));
}
