/** Of the value of one expression. */
const MOST_VALUES = 100_000;
const LONGEST = 1024 * 1024;

/** CEL's value as JSON has it. @throws where JSON has no such value, or it is too large */
export function plainValue(value: unknown): unknown {
  return toPlain(value, { left: MOST_VALUES });
}

/** Counted down from what is left. */
function toPlain(value: unknown, count: { left: number }): unknown {
  if (--count.left < 0) throw new RangeError(`the result has more than ${MOST_VALUES.toLocaleString('en')} values`);
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'bigint': {
      const number = Number(value);
      if (Number.isSafeInteger(number)) return number;
      throw new RangeError(`the number ${value} is too large`);
    }
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new RangeError(`the result is ${value}, not a number`);
    case 'string':
      if (value.includes('\0'))
        throw new TypeError('the result has a NUL character: no command or variable can hold it');
      if (value.length > LONGEST) throw new RangeError('the result is longer than 1 MiB');
      return value;
    case 'boolean':
      return value;
    default:
  }
  if (Array.isArray(value)) return value.map((item: unknown) => toPlain(item, count));
  if (value instanceof Map)
    return plainObject(
      [...value].map(([key, item]) => [String(key), item]),
      count,
    );
  if (value instanceof Date) return value.toISOString();
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (typeof value === 'object' && (prototype === Object.prototype || prototype === null)) {
    return plainObject(Object.entries(value), count);
  }
  throw new TypeError('the result is not a string, number, boolean, list or map');
}

function plainObject(
  entries: readonly (readonly [string, unknown])[],
  count: { left: number },
): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, item]) => [key, toPlain(item, count)]));
}
