import type { World } from 'runbook-lab';
import type { Outcome } from '../event.ts';
import type { Drain } from '../render/rehearsal-data.ts';
import type { Twin } from './twin.ts';

type Pod = World['cluster']['pods']['all'][number];
type Left = Drain['pods'][number];

interface Begun {
  readonly step: string;
  readonly from: number;
  readonly pods: readonly Pod[];
}

/** Which pods leave a node that is drained, and where those run that take their place. */
export class DrainWatch {
  readonly #twin: Twin;
  /** By node, the drain that is under way. */
  readonly #open = new Map<string, Begun>();
  readonly #ended: Drain[] = [];

  constructor(twin: Twin) {
    this.#twin = twin;
  }

  begin(node: string, step: string): void {
    // A second attempt goes on with what the first one left.
    if (!this.#open.has(node)) this.#open.set(node, { step, from: this.#twin.time.now(), pods: this.#podsOn(node) });
  }

  end(node: string, outcome: Outcome): void {
    const begun = this.#open.get(node);
    if (!begun || outcome === 'failed' || outcome === 'unknown') return;
    this.#open.delete(node);
    this.#ended.push({ ...this.#drainOf(node, begun), to: new Date(this.#twin.time.now()).toISOString() });
  }

  /** Those that came to their end, then those that did not. */
  get all(): readonly Drain[] {
    return [...this.#ended, ...[...this.#open].map(([node, begun]) => this.#drainOf(node, begun))];
  }

  #drainOf(node: string, { step, from, pods }: Begun): Drain {
    const there = new Set(this.#podsOn(node));
    const made = this.#twin.world.cluster.pods.all.filter(
      (pod) => pod.createdAt >= from && pod.node !== this.#objectOf(node),
    );
    const left = pods.flatMap((pod): Left[] => {
      const name = `${pod.namespace}/${pod.name}`;
      if (pod.workload?.kind === 'DaemonSet') return [];
      if (there.has(pod) && pod.deletedAt === undefined) return [{ pod: name, fate: 'stays' }];
      if (!pod.workload) return [{ pod: name, fate: 'gone' }];
      const next = made.find((other) => other.workload === pod.workload);
      if (next) made.splice(made.indexOf(next), 1);
      return [
        next?.node === undefined
          ? { pod: name, fate: 'pending' }
          : { pod: name, fate: 'moved', to: this.#listed(next.node) },
      ];
    });
    return { node, step, from: new Date(from).toISOString(), pods: left };
  }

  #podsOn(node: string): readonly Pod[] {
    const { cluster } = this.#twin.world;
    cluster.tick();
    const object = this.#objectOf(node);
    return cluster.pods.all.filter((pod) => pod.node === object);
  }

  /** The Node object's name of a node of the inventory. */
  #objectOf(node: string): string {
    return this.#twin.machineOf(node)?.name ?? node;
  }

  /** The other way round. */
  #listed(object: string): string {
    return this.#twin.world.machines.find(({ name }) => name === object)?.alias ?? object;
  }
}
