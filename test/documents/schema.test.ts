import { describe, expect, test } from 'vitest';
import { inventoryJsonSchema, keysAt, runbookJsonSchema } from '../../src/documents/schema.ts';
import { fakeActions } from './fakes.ts';

/** Every property of a schema, as a dotted path, that has no description. */
function undescribed(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key !== 'properties' || typeof value !== 'object' || value === null) return undescribed(value, path);
    return Object.entries(value).flatMap(([name, property]) => [
      ...(typeof property === 'object' && property !== null && 'description' in property ? [] : [`${path}.${name}`]),
      ...undescribed(property, `${path}.${name}`),
    ]);
  });
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

  test('describes every key, for editors', () => {
    expect(undescribed(runbookJsonSchema())).toEqual([]);
    expect(undescribed(inventoryJsonSchema())).toEqual([]);
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
      '"force":{"anyOf":[{"default":false,"type":"boolean"},{"type":"string","pattern":"\\\\$\\\\{\\\\{"}]}',
    );
  });
});
