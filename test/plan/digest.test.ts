import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/plan/digest.ts';

test('equal values have equal text, whatever the order of their keys', () => {
  const text = '{"a":[{"y":null,"z":2}],"b":1}';
  expect(canonicalJson({ b: 1, a: [{ z: 2, y: null }] })).toBe(text);
  expect(canonicalJson({ a: [{ y: null, z: 2 }], b: 1, c: undefined })).toBe(text);
});

test('a key of any name counts, and a date is its text', () => {
  const odd: unknown = JSON.parse('{"b":1,"__proto__":{"x":1}}');
  expect(canonicalJson(odd)).toBe('{"__proto__":{"x":1},"b":1}');
  expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
});
