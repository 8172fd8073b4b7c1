interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

/** A list by the values of one label; more is added at its end, or it is another one. */
interface ByLabel<T> {
  readonly list: readonly T[];
  length: number;
  readonly groups: Map<string | undefined, T[]>;
}

/** Objects by a label, sorted again once there are others. Labels never change. */
export class LabelIndex<T extends Labelled> {
  /** By the label's name. */
  readonly #known = new Map<string, ByLabel<T>>();

  with(list: readonly T[], name: string, value: string): readonly T[] {
    let known = this.#known.get(name);
    if (known?.list !== list || known.length > list.length)
      this.#known.set(name, (known = { list, length: 0, groups: new Map() }));
    for (const one of list.slice(known.length)) {
      const group = known.groups.get(one.labels[name]);
      if (group) group.push(one);
      else known.groups.set(one.labels[name], [one]);
    }
    known.length = list.length;
    return known.groups.get(value) ?? [];
  }
}
