import { changedSince } from './changed-since.ts';

/**
 * A function of an immutable value, with its result kept as long as that value: facts are read or projected once, and
 * every guard and action of many steps looks at them. The only file that keeps what follows from facts.
 */
export function once<Key extends WeakKey, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, { readonly value: Value }>();
  return (key) => {
    let entry = known.get(key);
    if (!entry) known.set(key, (entry = { value: compute(key) }));
    return entry.value;
  };
}

/**
 * Like {@link once}, for keys that come one after the other, such as facts that are projected step by step: keeps the
 * last few results. For thousands of keys a weak map costs more than it saves.
 */
export function lately<Key extends WeakKey, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const known: { readonly key: Key; readonly value: Value }[] = [];
  return (key) => {
    for (const entry of known) if (entry.key === key) return entry.value;
    const value = compute(key);
    known.unshift({ key, value });
    if (known.length > KEPT) known.pop();
    return value;
  };
}

/** Before and after a step, and as much again. */
const KEPT = 4;

/**
 * Like {@link lately}, for what changes little between projections: `carry` reuses one of the last results where it
 * can. Facts that are read again follow from those before a step, and not from what was expected after it.
 */
export function carried<Key extends WeakKey, Value>(
  compute: (key: Key) => Value,
  carry: (last: Value, key: Key) => Value | undefined,
): (key: Key) => Value {
  const last: Value[] = [];
  return lately((key) => {
    let value: Value | undefined;
    for (const before of last) if ((value = carry(before, key)) !== undefined) break;
    value ??= compute(key);
    last.unshift(value);
    if (last.length > KEPT) last.pop();
    return value;
  });
}

/** As {@link lately}, for a list that is projected: the result stays while each member is the same or `alike`. */
export function whileAlike<T, Value>(
  compute: (list: readonly T[]) => Value,
  alike: (a: T, b: T) => boolean,
): (list: readonly T[]) => Value {
  const found = carried(
    (list: readonly T[]) => ({ list, value: compute(list) }),
    (last, list) => (everySame(last.list, list, alike) ? { list, value: last.value } : undefined),
  );
  return (list) => found(list).value;
}

/** Whether each member is the same, or `alike`. */
export function everySame<T>(
  before: readonly T[],
  after: readonly T[],
  alike: (a: T, b: T) => boolean = () => false,
): boolean {
  if (before === after) return true;
  if (before.length !== after.length) return false;
  const same = (at: number): boolean => {
    const [one, other] = [before[at], after[at]];
    return one === other || (one !== undefined && other !== undefined && alike(one, other));
  };
  const changed = changedSince(before, after);
  if (changed) return changed.every((at) => same(Number(at)));
  for (let at = 0; at < after.length; at += 1) if (!same(at)) return false;
  return true;
}
