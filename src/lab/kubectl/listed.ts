import { members, type World } from '../world.ts';
import { keptApartFromReports } from './kept.ts';
import { leaseTime } from './more-objects.ts';
import { apiTime, type ApiObject } from './objects.ts';
import { listOf, printObjects } from './print.ts';
import { findResource } from './resources.ts';

/**
 * All objects of a kind, as an API server lists them now. One that is as it was is the same object.
 * @throws RangeError for a kind that the lab does not have
 */
export function listedObjects(world: World, kind: string): readonly ApiObject[] {
  const resource = findResource(kind);
  if (!resource) throw new RangeError(`the lab has no ${kind}`);
  return resource.list(world);
}

/** What `kubectl get -o FORM` prints of a list of these. @throws RangeError for another form */
export function printedObjects(objects: readonly ApiObject[], form: string): string {
  const printed = printObjects(listOf(objects), objects, form, '');
  if (printed === undefined) throw new RangeError(`the lab has no form ${form}`);
  return printed;
}

/** A Node object, and when its kubelet reported last: the object may have the time of an earlier report. */
export interface ReportedNode {
  readonly object: ApiObject;
  /** As the object would have it. */
  readonly heartbeat: string;
}

/** All Node objects. One in which nothing else is new is the same object. */
export function listedNodes(world: World): readonly ReportedNode[] {
  const { cluster } = world;
  return members(world).map((machine) => ({
    object: keptApartFromReports(cluster, machine),
    heartbeat: apiTime(cluster.reportedAt(machine)),
  }));
}

/** By the names of their nodes, what the `renewTime` of all Leases of nodes is. */
export function renewals(world: World): ReadonlyMap<string, string> {
  return new Map(members(world).map((machine) => [machine.name, leaseTime(world.cluster, machine)]));
}
