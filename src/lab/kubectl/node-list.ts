import type { Cluster } from '../cluster.ts';
import type { Feed } from '../feed.ts';
import type { Machine } from '../machine.ts';
import { runtimeAskedAt } from '../services.ts';
import { type ApiObject, nodeObject } from './objects.ts';
import { perCluster } from './per-cluster.ts';
import { steadyUntil } from '../node-status.ts';

interface KnownNode {
  /** Milliseconds since the epoch, until when it does not change by itself. */
  readonly until: number;
  readonly object: ApiObject;
}

/**
 * The Node objects of one cluster where times do not matter: when a kubelet reported last, as long as it did since it
 * started, and when a node was tainted. Each is the same object as long as nothing else of it changes.
 */
class NodeList {
  readonly #cluster: Cluster;
  readonly #news: Feed<string>;
  readonly #known = new Map<Machine, KnownNode>();
  /** The minor of the oldest API server. */
  #server = Number.NaN;
  /** Milliseconds since the epoch, between which none of them changes by itself. */
  #from = 0;
  #until = 0;
  #all: readonly ApiObject[] | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#news = cluster.nodeFeed();
  }

  /** The same list as long as nothing of it changes. */
  list(): readonly ApiObject[] {
    const { clock } = this.#cluster;
    const now = clock.now();
    const news = this.#news.take();
    const server = this.#cluster.lowestServer();
    if (!this.#all || !news || server !== this.#server || now < this.#from) this.#look(() => true);
    else if (news.size > 0 || now >= this.#until) this.#look(({ name }, until) => now >= until || news.has(name));
    [this.#server, this.#from] = [server, now];
    return (this.#all ??= this.#cluster.machines.flatMap((machine) => this.#known.get(machine)?.object ?? []));
  }

  #look(isNew: (machine: Machine, until: number) => boolean): void {
    const { machines, nodes } = this.#cluster;
    this.#all = undefined;
    this.#until = Number.POSITIVE_INFINITY;
    for (const machine of machines) {
      let known = this.#known.get(machine);
      if (!nodes.has(machine.name)) {
        this.#known.delete(machine);
        continue;
      }
      if (!known || isNew(machine, known.until)) this.#known.set(machine, (known = this.#make(machine)));
      this.#until = Math.min(this.#until, known.until);
    }
  }

  #make(machine: Machine): KnownNode {
    const asked = runtimeAskedAt(machine);
    const isAsked = asked <= this.#cluster.clock.now();
    const until = Math.min(steadyUntil(machine, this.#cluster.clock), isAsked ? Number.POSITIVE_INFINITY : asked);
    return { until, object: nodeObject(this.#cluster, machine) };
  }
}

const listOf = perCluster((cluster) => new NodeList(cluster));

/** All Node objects, apart from times that do not matter ({@link NodeList}). */
export function nodesApartFromReports(cluster: Cluster): readonly ApiObject[] {
  return listOf(cluster).list();
}
