import type { Workload } from './workloads.ts';

interface Labelled {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Indexed extends Labelled {
  readonly workload?: Workload;
}

/** A list as it was when it was sorted: more is added at its end, or it is another one. */
interface Sorted<K, T> {
  readonly list: readonly T[];
  readonly length: number;
  readonly groups: ReadonlyMap<K, readonly T[]>;
}

/** Objects by their namespace and a label, sorted again once there are others. Labels never change. */
export class LabelIndex<T extends Labelled> {
  /** By the label's name. */
  readonly #byLabel = new Map<string, Sorted<string, T>>();

  with(list: readonly T[], namespace: string, [name, value]: readonly [string, string]): readonly T[] {
    const known = sorted(this.#byLabel.get(name), list, (one) => `${one.namespace}/${one.labels[name] ?? ''}`);
    this.#byLabel.set(name, known);
    return known.groups.get(`${namespace}/${value}`) ?? [];
  }
}

/** Pods by what they are asked for, sorted again once there are others. */
export class PodIndex<P extends Indexed> extends LabelIndex<P> {
  #byNamespace: Sorted<string, P> | undefined;
  #byWorkload: Sorted<Workload | undefined, P> | undefined;

  podsIn(pods: readonly P[], namespace: string): readonly P[] {
    this.#byNamespace = sorted(this.#byNamespace, pods, (pod) => pod.namespace);
    return this.#byNamespace.groups.get(namespace) ?? [];
  }

  podsOf(pods: readonly P[], workload: Workload): readonly P[] {
    this.#byWorkload = sorted(this.#byWorkload, pods, (pod) => pod.workload);
    return this.#byWorkload.groups.get(workload) ?? [];
  }
}

function sorted<K, T>(known: Sorted<K, T> | undefined, list: readonly T[], keyOf: (one: T) => K): Sorted<K, T> {
  if (known && known.list === list && known.length === list.length) return known;
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return { list, length: list.length, groups };
}
