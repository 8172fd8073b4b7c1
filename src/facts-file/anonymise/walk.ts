import { type Kind, text } from './kinds.ts';
import type { Replacements } from './replacements.ts';

/** What strings in a value are. */
export type Policy = Kind | Struct | RecordPolicy;

/** An object whose keys are the program's; of a field that is not named, nothing is known. */
interface Struct {
  readonly fields: Readonly<Record<string, Policy>>;
}

/** An object whose keys are data. */
interface RecordPolicy {
  readonly keys: Kind;
  readonly values: Policy | ((key: string) => Policy);
  /** `values` is asked for each key. */
  readonly byKey?: true;
}

export function struct(fields: Readonly<Record<string, Policy>>): Policy {
  return { fields };
}

export function record(keys: Kind, values: Policy): Policy {
  return { keys, values };
}

export function recordBy(keys: Kind, values: (key: string) => Kind): Policy {
  return { keys, values, byKey: true };
}

/** Lists have the policy of their items. What no policy names is text, its keys too. */
export function walk(value: unknown, policy: Policy, names: Replacements): unknown {
  if (typeof value === 'string') return (typeof policy === 'function' ? policy : text)(value, names);
  if (Array.isArray(value)) return value.map((item) => walk(item, policy, names));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (typeof policy === 'function')
    return Object.fromEntries(entries.map(([key, item]) => [text(key, names), walk(item, policy, names)]));
  if ('fields' in policy) {
    const { fields } = policy;
    return Object.fromEntries(
      entries.map(([key, item]) => [key, walk(item, Object.hasOwn(fields, key) ? (fields[key] ?? text) : text, names)]),
    );
  }
  const { keys } = policy;
  return Object.fromEntries(
    entries.map(([key, item]) => {
      const of =
        policy.byKey === true && typeof policy.values === 'function'
          ? (policy.values as (key: string) => Policy)(key)
          : (policy.values as Policy);
      return [keys(key, names), walk(item, of, names)];
    }),
  );
}
