import { z } from 'zod';
import type { Action } from '../actions/action.ts';
import { addExamples } from './examples.ts';
import { type JsonSchema, jsonSchemaOf, record } from './json-schema.ts';
import { includeSchema, WHOLE_PART_SCHEMAS } from './include-schema.ts';
import type { PartKind } from './kinds.ts';
import { inventorySchema } from './inventory-schema.ts';
import { runbookSchema } from './runbook-schema.ts';
import { stepSchema } from './step-schema.ts';

/** For editors. With actions, `uses` is completed and `with` is checked by the action named. */
export function runbookJsonSchema(actions: ReadonlyMap<string, Action> = new Map()): JsonSchema {
  return withSteps(runbookSchema, 'Runbook', actions);
}

/** Of a file that runbooks include. */
export function partJsonSchema(kind: PartKind, actions: ReadonlyMap<string, Action> = new Map()): JsonSchema {
  return withSteps(WHOLE_PART_SCHEMAS[kind], kind, actions);
}

/** An entry of a list of phases or steps may also be an include. */
function withSteps(schema: z.ZodType, title: string, actions: ReadonlyMap<string, Action>): JsonSchema {
  const names = [...actions.keys()];
  const { $schema: _, ...include } = jsonSchemaOf(includeSchema);
  const { uses } = record(jsonSchemaOf(stepSchema)['properties']);
  const made = toJsonSchema(schema, title, ({ path, jsonSchema }) => {
    const [list, items] = path.slice(-2);
    if (items !== 'items' || (list !== 'steps' && list !== 'always' && list !== 'phases')) return;
    // One schema is the entry of several lists.
    if (jsonSchema['anyOf'] !== undefined) return;
    const entry = { ...jsonSchema };
    for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
    jsonSchema['anyOf'] = [entry, include];
    if (names.length === 0 || list === 'phases') return;
    const properties = record(entry['properties']);
    entry['properties'] = { ...properties, uses: { ...record(uses), enum: names } };
    entry['allOf'] = [...actions.values()].map((action) => ({
      if: { properties: { uses: { const: action.name } }, required: ['uses'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: thenOf(action),
    }));
  });
  return addExamples(withMergeKeys(made));
}

export function inventoryJsonSchema(): JsonSchema {
  const schema = toJsonSchema(inventorySchema, 'Inventory');
  return addExamples({ ...schema, patternProperties: { '^x-': { description: 'Free: for YAML anchors.' } } });
}

/** `<<` of YAML is not a name in a map: what it refers to takes its place. Changes the schema, and returns it. */
function withMergeKeys(schema: JsonSchema): JsonSchema {
  for (const [key, value] of Object.entries(schema)) {
    if (typeof value !== 'object' || value === null) continue;
    if (key === 'propertyNames' && 'pattern' in value && typeof value.pattern === 'string')
      value.pattern = `^<<$|${value.pattern}`;
    else withMergeKeys({ ...value });
  }
  return schema;
}

function thenOf(action: Action): JsonSchema {
  const { $schema: _, ...schema } = jsonSchemaOf(action.schema);
  const properties = Object.entries(record(schema['properties'])).map(([key, value]) => [key, orTemplate(value)]);
  const options = properties.length > 0 ? { ...schema, properties: Object.fromEntries(properties) } : schema;
  const needed = Array.isArray(schema['required']) && schema['required'].length > 0;
  return {
    properties: { with: { ...options, description: action.summary } },
    ...(needed ? { required: ['with'] } : {}),
  };
}

/** An option, or an entry of one, may also be a `${{ }}`. */
function orTemplate(schema: unknown): JsonSchema {
  const { description, ...rest } = record(schema);
  const items = rest['items'] === undefined ? {} : { items: orTemplate(rest['items']) };
  const either = {
    anyOf: [
      { ...rest, ...items },
      { type: 'string', pattern: String.raw`\$\{\{` },
    ],
  };
  return typeof description === 'string' ? { description, ...either } : either;
}

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;

/** With its title, draft 7. */
export function toJsonSchema(schema: z.ZodType, title: string, override?: Override): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    ...(override ? { override } : {}),
  });
  return { $schema, title, ...rest };
}
