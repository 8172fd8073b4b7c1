import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { actions } from '../../src/actions/registry.ts';
import { inventoryJsonSchema, partJsonSchema, runbookJsonSchema } from '../../src/documents/schema.ts';
import { keysAt } from '../../src/documents/json-schema.ts';
import { fakeActions } from './fakes.ts';

interface Key {
  /** From the top, with the action that has it: `phases.steps<drain>.with.timeout`. */
  readonly path: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

const objectSchema = z.record(z.string(), z.unknown());
const objectsIn = (value: unknown) => z.array(objectSchema).safeParse(value).data ?? [];
const conditionSchema = z.object({
  if: z.object({ properties: z.object({ uses: z.object({ const: z.string() }) }) }),
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: objectSchema,
});

/** Every key of a document, also of the actions. */
function keysOf(schema: Readonly<Record<string, unknown>>, path = ''): Key[] {
  const { items, additionalProperties, anyOf, allOf, properties } = schema;
  const inner = [...objectsIn(anyOf), ...objectsIn([items]), ...objectsIn([additionalProperties])];
  const ofActions = objectsIn(allOf).map((one) => conditionSchema.parse(one));
  return [
    ...inner.flatMap((one) => keysOf(one, path)),
    ...ofActions.flatMap((one) => keysOf(one.then, `${path}<${one.if.properties.uses.const}>`)),
    ...Object.entries(objectSchema.safeParse(properties).data ?? {}).flatMap(([name, value]) => {
      const own = objectSchema.parse(value);
      return [{ path: `${path}.${name}`, schema: own }, ...keysOf(own, `${path}.${name}`)];
    }),
  ];
}

/** Without what zod cannot read: that one of several keys is needed, and what depends on the action. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  const { data } = objectSchema.safeParse(value);
  if (!data) return value;
  const kept = Object.entries(data).filter(([key]) => key !== 'allOf' && key !== 'oneOf');
  return Object.fromEntries(kept.map(([key, one]) => [key, readable(one)]));
}

/** What is wrong with the examples of a key. */
function badExamples({ path, schema }: Key): string[] {
  const examples = z.array(z.unknown()).min(1).safeParse(schema['examples']).data;
  if (!examples) return [`${path} has no example`];
  const reader = z.fromJSONSchema(objectSchema.parse(readable(schema)));
  return examples.flatMap((one) => (reader.safeParse(one).success ? [] : [`${path}: ${JSON.stringify(one)}`]));
}

describe('the JSON Schema', () => {
  test('of a runbook is what it was', async () => {
    await expect(`${JSON.stringify(runbookJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      'snapshots/runbook.schema.snap',
    );
  });

  test('of an inventory is what it was', async () => {
    await expect(`${JSON.stringify(inventoryJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      'snapshots/inventory.schema.snap',
    );
  });

  test.each([
    ['a runbook', runbookJsonSchema(actions), '.phases.steps<drain>.with.timeout'],
    ['a file of phases', partJsonSchema('Phases', actions), '.phases.steps<drain>.with.timeout'],
    ['a file of steps', partJsonSchema('Steps', actions), '.steps<drain>.with.timeout'],
    ['an inventory', inventoryJsonSchema(), '.nodes.ssh.identityFile'],
  ])('of %s describes every key with an example that fits it, for editors', (_, schema, one) => {
    const keys = keysOf(schema);
    expect(keys.map(({ path }) => path)).toContain(one);
    expect(keys.filter((key) => typeof key.schema['description'] !== 'string').map(({ path }) => path)).toEqual([]);
    expect(keys.flatMap(badExamples)).toEqual([]);
  });

  test('knows the keys of a place in either of its forms', () => {
    const schema = runbookJsonSchema();
    const keys = ['name', 'nodes', 'serial', 'maxFailures', 'if', 'steps', 'include', 'inputs'];
    expect(keysAt(schema, ['phases', 0])).toEqual(expect.arrayContaining(keys));
    expect(keysAt(schema, ['inputs', 'anything'])).toContain('default');
    expect(keysAt(schema, ['phases', 0, 'steps', 1, 'with'])).toEqual([]);
  });

  test('completes actions and their settings, where each may be an expression', () => {
    const text = JSON.stringify(runbookJsonSchema(fakeActions));
    expect(text).toContain('"enum":["drain","install"]');
    expect(text).toContain('"const":"drain"');
    expect(text).toContain(
      '"force":{"anyOf":[{"default":false,"type":"boolean"},{"type":"string","pattern":"\\\\$\\\\{\\\\{"}],"examples":[true]}',
    );
  });
});
