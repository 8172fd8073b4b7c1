import { addExamples } from './examples.ts';
import { fleetSchema } from './fleet-schema.ts';
import { toJsonSchema } from './schema.ts';
import { type JsonSchema } from './json-schema.ts';

/** Of a fleet.yaml, for editors. */
export function fleetJsonSchema(): JsonSchema {
  return addExamples(toJsonSchema(fleetSchema, 'Fleet'));
}
