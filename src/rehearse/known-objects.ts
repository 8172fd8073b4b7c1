import type { World } from 'runbook-lab';
import type { Fact, KnownFacts } from '../facts/fact.ts';
import type { ClusterFactId, ClusterFacts } from '../facts/facts.ts';
import { type NodeObject, nodes } from '../facts/nodes.ts';
import { pdbs } from '../facts/pdbs.ts';
import { daemonSetTemplate, pods, podTemplate } from '../facts/pods.ts';
import type { LabPackage } from './lab-package.ts';

type ApiObject = ReturnType<LabPackage['listedObjects']>[number];

/** What the API of the twin says of each object of a long list, as the parser of its fact understands it. */
class Known<T> {
  readonly #understand: (objects: readonly ApiObject[], ahead: string) => readonly T[];
  /** As it was asked last. */
  #ahead = '';
  #objects: readonly ApiObject[] = [];
  #values: readonly T[] = [];
  #known = new WeakMap<ApiObject, T>();

  constructor(fact: Fact<readonly T[]>, print: (objects: readonly ApiObject[]) => string) {
    this.#understand = (objects, ahead) => fact.parse(ahead + print(objects), { kubeconfig: '' });
  }

  /** @param ahead what is printed ahead of the list */
  of(objects: readonly ApiObject[], ahead = ''): readonly T[] {
    if (ahead !== this.#ahead) [this.#known, this.#objects, this.#values] = [new WeakMap(), [], []];
    const [before, values] = [this.#objects, this.#values];
    const isAsBefore = objects.length === before.length && objects.every((object, at) => object === before[at]);
    if (!isAsBefore)
      this.#values = objects.map((object, at) => {
        const value = object === before[at] ? values[at] : this.#known.get(object);
        return value ?? this.#learn(object, ahead);
      });
    [this.#ahead, this.#objects] = [ahead, objects];
    return this.#values;
  }

  #learn(object: ApiObject, ahead: string): T {
    const [value] = this.#understand([object], ahead);
    if (value === undefined) throw new Error(`nothing is said of ${object.metadata.name}`);
    this.#known.set(object, value);
    return value;
  }
}

/** As `-o json`, without its blanks. */
function asJson(items: readonly ApiObject[]): string {
  return JSON.stringify({ items });
}

/**
 * The long lists of a twin without kubectl and its thousands of lines: each object is printed and understood once, and
 * again when it has changed. A run on hundreds of nodes asks for them some thousand times.
 */
export class KnownObjects implements KnownFacts {
  readonly #lab: LabPackage;
  readonly #world: World;
  readonly #nodes: Known<NodeObject>;
  readonly #pods: Known<NonNullable<ClusterFacts['pods']>[number]>;
  readonly #pdbs: Known<NonNullable<ClusterFacts['pdbs']>[number]>;

  constructor(lab: LabPackage, world: World) {
    this.#lab = lab;
    this.#world = world;
    this.#nodes = new Known(nodes, asJson);
    this.#pods = new Known(pods, (objects) => lab.printedObjects(objects, `jsonpath=${podTemplate}`));
    this.#pdbs = new Known(pdbs, asJson);
  }

  value<Id extends ClusterFactId>(id: Id): ClusterFacts[Id];
  value(id: ClusterFactId): ClusterFacts[ClusterFactId] {
    switch (id) {
      case 'nodes':
        return this.#nodes.of(this.#lab.listedNodes(this.#world));
      case 'pods':
        return this.#pods.of(this.#list('pods'), this.#daemonSets());
      case 'pdbs':
        return this.#pdbs.of(this.#list('poddisruptionbudgets'));
      case 'leases':
        return [...this.#lab.renewals(this.#world)].map(([node, renewTime]) => ({ node, renewTime }));
      default:
        return undefined;
    }
  }

  #list(kind: string): readonly ApiObject[] {
    return this.#lab.listedObjects(this.#world, kind);
  }

  #daemonSets(): string {
    return this.#lab.printedObjects(this.#list('daemonsets.apps'), `jsonpath=${daemonSetTemplate}`);
  }
}
