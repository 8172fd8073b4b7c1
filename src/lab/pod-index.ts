import type { Workload } from './workloads.ts';

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

interface Indexed extends Labelled {
  readonly namespace: string;
  readonly workload?: Workload;
}

/** A list with what of it is sorted: more is added at its end, or it is another one. */
interface Sorted<K, T> {
  readonly list: readonly T[];
  length: number;
  readonly groups: Map<K, T[]>;
}

/** Objects by a label, sorted again once there are others. Labels never change. */
export class LabelIndex<T extends Labelled> {
  /** By the label's name. */
  readonly #byLabel = new Map<string, Sorted<string | undefined, T>>();

  /** Of all namespaces. */
  with(list: readonly T[], name: string, value: string): readonly T[] {
    const known = sorted(this.#byLabel.get(name), list, (one) => one.labels[name]);
    this.#byLabel.set(name, known);
    return known.groups.get(value) ?? [];
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
  const found: Sorted<K, T> =
    known?.list === list && known.length <= list.length ? known : { list, length: 0, groups: new Map() };
  for (; found.length < list.length; found.length += 1) {
    const one = list[found.length] as T;
    const key = keyOf(one);
    const group = found.groups.get(key);
    if (group) group.push(one);
    else found.groups.set(key, [one]);
  }
  return found;
}
