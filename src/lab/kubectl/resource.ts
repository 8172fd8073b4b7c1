import type { World } from '../world.ts';
import type { ApiObject } from './objects.ts';

/** A kind of the API as kubectl lists it. */
export interface Resource {
  /** As `-o name` and messages have it. */
  readonly singular: string;
  readonly names: readonly string[];
  readonly namespaced: boolean;
  list(world: World): ApiObject[];
  readonly columns: readonly string[];
  row(item: ApiObject, world: World, wide: boolean): string[];
}
