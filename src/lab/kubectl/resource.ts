import type { World } from '../world.ts';
import type { ApiObject } from './objects.ts';

/** A kind of the API as kubectl lists it. */
export interface Resource {
  /** As `-o name` and messages have it. */
  readonly singular: string;
  readonly names: readonly string[];
  readonly namespaced: boolean;
  /** @param namespace where those of others may be left out, as may those with other names, where there are `names` */
  list(world: World, namespace?: string, names?: readonly string[]): readonly ApiObject[];
  readonly columns: readonly string[];
  row(item: ApiObject, world: World, wide: boolean): string[];
}
