import type { World } from '../world.ts';
import type { ApiObject } from './objects.ts';
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
