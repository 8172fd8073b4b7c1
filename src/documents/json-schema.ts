import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of what may be written, draft 7 because editors know that one best. Never throws. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
}

/** The keys that a map at a path of the document may have, in either of its forms. */
export function keysAt(schema: JsonSchema, path: readonly (string | number)[]): readonly string[] {
  let forms = [schema];
  for (const part of path) {
    forms = forms.flatMap(alternatives).flatMap((form) => {
      const properties = record(form['properties']);
      const next = typeof part === 'number' ? form['items'] : (properties[part] ?? form['additionalProperties']);
      return typeof next === 'object' && next !== null ? [record(next)] : [];
    });
  }
  return [...new Set(forms.flatMap(alternatives).flatMap((form) => Object.keys(record(form['properties']))))];
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  const either = schema['anyOf'];
  return [schema, ...(Array.isArray(either) ? either.map(record).flatMap(alternatives) : [])];
}

/** The members of a map; none of anything else. */
export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
