import type { NodeObject } from '../nodes.ts';
import { whileAlike } from './once.ts';

/** Node objects that are control planes; the list stays the same object while none of them changes. */
export const controlPlanesOf = whileAlike(
  (objects: readonly NodeObject[]) => objects.filter(({ controlPlane }) => controlPlane),
  (a, b) => !a.controlPlane && !b.controlPlane,
);
