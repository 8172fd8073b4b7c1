import type { Outcome } from '../event.ts';
import { stepKey } from './key.ts';

/** What expressions may read of a step that has come to its end. */
export interface StepResult {
  readonly outcome: Outcome;
  readonly outputs: Readonly<Record<string, string>>;
}

/** The result of a planned step by its key; undefined: not known yet. */
export type ResultOf = (key: string) => StepResult | undefined;

/** By id, the keys of the planned steps that count for it: several where one step was planned for each of a list. */
export type Refs = ReadonlyMap<string, readonly string[]>;

/** What the expressions of one planned step find under the ids of steps. */
export interface KnownRefs {
  readonly own: Refs;
  readonly nodes: RefsOfNodes;
}

/** Of every node, as it is where the expressions stand. */
export interface RefsOfNodes {
  of(node: string): Refs;
  /** Of nodes with such steps. */
  names(): readonly string[];
}

interface Referred {
  readonly id: string;
  readonly node: string;
  readonly ref?: string;
  readonly once?: true;
}

const NONE: Refs = new Map();

/** Goes through the steps of a plan in the order of work, and knows at each which steps with an id come before it. */
export class RefBook {
  /** By node, what it has after each of its steps so far with an id. */
  readonly #nodes = new Map<string, { readonly from: number; readonly refs: Refs }[]>();
  #count = 0;
  /** Of steps that are done on one node for all of the phase. */
  #everywhere: Refs = NONE;

  /** What the next step of a node sees. */
  at(node: string): KnownRefs {
    const own = this.#of(node);
    const count = this.#count;
    return {
      own: this.#everywhere.size > 0 ? new Map([...this.#everywhere, ...own]) : own,
      nodes: { of: (other) => this.#of(other, count), names: () => this.#namesAt(count) },
    };
  }

  /** What a node had when so many steps with an id were known. */
  #of(node: string, count = this.#count): Refs {
    return this.#nodes.get(node)?.findLast(({ from }) => from <= count)?.refs ?? NONE;
  }

  #namesAt(count: number): string[] {
    return [...this.#nodes].flatMap(([name, [first]]) => (first && first.from <= count ? [name] : []));
  }

  /** From now on the step is seen by those after it. */
  add(step: Referred): void {
    if (step.ref === undefined) return;
    const refs = withRef(this.#of(step.node), step.ref, step);
    this.#count += 1;
    this.#nodes.set(step.node, [...(this.#nodes.get(step.node) ?? []), { from: this.#count, refs }]);
    if (step.once) this.#everywhere = withRef(this.#everywhere, step.ref, step);
  }
}

function withRef(refs: Refs, ref: string, { node, id }: Referred): Refs {
  const key = stepKey(node, id);
  const same = (refs.get(ref) ?? []).filter((other) => phaseOf(other.slice(other.indexOf('/') + 1)) === phaseOf(id));
  return new Map([...refs, [ref, [...same, key]]]);
}

/** `5` of `5.2-drain`: an id is unique in its phase. */
export function phaseOf(id: string): string {
  return id.split('.', 1)[0] ?? '';
}
