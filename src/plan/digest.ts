import { sha256 } from '../digest.ts';

/** JSON with the keys of every object sorted, so that equal values have equal text. Undefined members are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

// A copy for one call of JSON.stringify: a function that it calls for every member takes twice as long.
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value) || typeof value.toJSON === 'function') return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).toSorted()) {
    if (key === '__proto__') Object.defineProperty(copy, key, { value: sorted(value[key]), enumerable: true });
    else copy[key] = sorted(value[key]);
  }
  return copy;
}

/** sha256 of {@link canonicalJson}, hex. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** The paths at which two plain values differ, with both sides, for saying what moved. */
export function differences(before: unknown, after: unknown, path = ''): string[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
    return keys.flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  return [`${path}: ${show(before)} -> ${show(after)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : canonicalJson(value);
}
