/** An index of a list, a key of a record. */
type Place = number | string;

interface Origin {
  readonly id: number;
  /** The latest first: what it was copied from, and where each copy differs from the one before it. */
  readonly history: readonly { readonly id: number; readonly places: readonly Place[] }[];
}

/** As many copies as one step makes, and some more. */
const REMEMBERED = 8;

/** By number: to hold what they were copied from would keep every projection of a long plan in memory. */
const origins = new WeakMap<object, Origin>();
let count = 0;

/** Remembers that this list or record is a copy of `before` that differs at these places alone. @returns `after` */
export function copyOf<T extends object>(before: T, after: T, places: readonly Place[]): T {
  const { id, history } = originOf(before);
  origins.set(after, { id: (count += 1), history: [{ id, places }, ...history.slice(0, REMEMBERED - 1)] });
  return after;
}

/** The places at which `after`, of the same length or keys, may differ from `before`; undefined: not known. */
export function changedSince(before: object, after: object): readonly Place[] | undefined {
  if (before === after) return [];
  const known = origins.get(before);
  const history = known && origins.get(after)?.history;
  const at = history?.findIndex(({ id }) => id === known?.id) ?? -1;
  return at === -1 ? undefined : history?.slice(0, at + 1).flatMap(({ places }) => places);
}

function originOf(value: object): Origin {
  let origin = origins.get(value);
  if (!origin) origins.set(value, (origin = { id: (count += 1), history: [] }));
  return origin;
}
