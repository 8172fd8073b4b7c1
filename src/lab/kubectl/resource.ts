import type { World } from '../world.ts';
import type { ApiObject } from './objects.ts';

/** A kind of the API as kubectl lists it. */
export interface Resource {
  /** As `-o name` and messages have it. */
  readonly singular: string;
  readonly names: readonly string[];
  readonly namespaced: boolean;
  /** @param namespace where those of others may be left out */
  list(world: World, namespace?: string): ApiObject[];
  readonly columns: readonly string[];
  row(item: ApiObject, world: World, wide: boolean): string[];
}
