import { readClusterFacts, readNodeFacts } from '../facts/read.ts';
import type { KnownFacts } from '../facts/fact.ts';
import type { ClusterFactId, ClusterFacts, FactId, Facts, NodeFactId, NodeFacts } from '../facts/facts.ts';
import { isClusterFact, isNodeFact } from '../facts/lib/kinds.ts';
import { withNodes } from '../facts/lib/with-node.ts';
import { Failure } from '../failure.ts';
import { ConnectionLost } from '../transport/transport.ts';
import { Turns } from '../transport/turns.ts';
import type { Clock } from './clock.ts';
import { controlPlaneOf, isOutsideOfClusters, kubectlHostOf } from './control-plane.ts';
import type { FactSource } from './fact-source.ts';
import type { Links } from './links.ts';
import { type Moment, Readings } from './readings.ts';
import { isTrouble } from './trouble.ts';

export interface ObserverOptions {
  readonly nodes: readonly { readonly name: string; readonly role: string }[];
  readonly kubectl: { readonly on: 'control-plane' | 'local'; readonly kubeconfig: string };
  /** Minors (`1.32`) whose repositories are asked for what they offer. */
  readonly minors: readonly string[];
  readonly packagesBaseUrl?: string;
  /** Of a simulated cluster: what need not be asked for. */
  readonly known?: KnownFacts;
}

/** Nodes whose facts are read at once: hundreds of answers in the same moment cost memory, and load a jump host. */
const READING = 32;

/** Whose readings those of the cluster are; no node has that name. */
const CLUSTER = '';

/** Reads facts over the links of a run. */
export class Observer implements FactSource {
  readonly #links: Links;
  readonly #clock: Clock;
  readonly #options: ObserverOptions;
  readonly #turns = new Turns(READING);
  /** Machines whose kubelet belonged to no cluster when it was read last: not joined yet, or reset. */
  readonly #apart: Set<string>;
  readonly #readings: Readings;

  constructor(
    links: Links,
    clock: Clock,
    options: ObserverOptions,
    apart = new Set<string>(),
    readings = new Readings(),
  ) {
    this.#links = links;
    this.#clock = clock;
    this.#options = options;
    this.#apart = apart;
    this.#readings = readings;
  }

  /** The same, but the repositories of these minors are asked. */
  offering(minors: readonly string[]): Observer {
    return new Observer(this.#links, this.#clock, { ...this.#options, minors }, this.#apart, this.#readings);
  }

  /** Where kubectl runs: the operator's machine, or a control plane. */
  kubectlHost(avoid?: string): string {
    return kubectlHostOf(this.#options, this.#apart, avoid);
  }

  /**
   * The first control plane of the inventory that is one now, as far as is known, but not the one that a step is about
   * where there is another.
   */
  controlPlane(avoid?: string): string {
    return controlPlaneOf(this.#options, this.#apart, avoid);
  }

  /** It is no control plane any more. */
  setApart(name: string): void {
    this.#apart.add(name);
  }

  /**
   * Whether these facts of a node and the cluster were read, and nothing that this run did may have changed them since.
   */
  isCurrent(node: string, ids: readonly FactId[]): boolean {
    if (this.#links.isChanging) return false;
    const now = this.#now();
    return (
      this.#readings.hold(node, this.#namesOf(ids.filter(isNodeFact)), now) &&
      this.#readings.hold(CLUSTER, ids.filter(isClusterFact), now)
    );
  }

  /** Facts as they are now; those of other nodes are kept from `known`. @throws FactError */
  async read(known: Facts, nodes: readonly string[], ids: readonly FactId[], avoid?: string): Promise<Facts> {
    const perNode = ids.filter(isNodeFact);
    const read = await Promise.all(
      perNode.length === 0 ? [] : nodes.map(async (name) => [name, await this.#node(name, perNode)] as const),
    );
    const now: Record<string, NodeFacts> = {};
    for (const [name, facts] of read) {
      now[name] = { ...known.nodes[name], ...facts };
      if (facts.kubelet && facts.kubelet.server === undefined) this.#apart.add(name);
      else if (facts.kubelet) this.#apart.delete(name);
    }
    const cluster = await this.#cluster(ids.filter(isClusterFact), avoid);
    const merged = read.length === 0 ? known.nodes : withNodes(known.nodes, Object.keys(now), now);
    return { ...known, nodes: merged, ...(cluster && { cluster: { ...known.cluster, ...cluster } }) };
  }

  async #cluster(ids: readonly ClusterFactId[], avoid: string | undefined): Promise<ClusterFacts | undefined> {
    if (ids.length === 0) return undefined;
    const now = this.#now();
    const read = isOutsideOfClusters(this.#options) ? undefined : await this.#askKubectl(ids, this.kubectlHost(avoid));
    this.#readings.note(CLUSTER, ids, now);
    return read;
  }

  #askKubectl(ids: readonly ClusterFactId[], host: string): Promise<ClusterFacts> {
    return this.#links.with(host, (remote) =>
      readClusterFacts((script) => remote.probe(script, { timeout: 120_000 }), ids, {
        host,
        kubeconfig: this.#options.kubectl.kubeconfig,
        ...(this.#options.known && { known: this.#options.known }),
      }),
    );
  }

  /** {@link read}, tried again for `patience` milliseconds: an API server that restarts answers a little later. */
  async readPatiently(
    known: Facts,
    nodes: readonly string[],
    ids: readonly FactId[],
    patience: number,
    avoid?: string,
  ): Promise<Facts> {
    const deadline = this.#clock.now() + patience;
    for (;;) {
      try {
        return await this.read(known, nodes, ids, avoid);
      } catch (error) {
        const lost = error instanceof Failure || error instanceof ConnectionLost;
        if (lost || !isTrouble(error) || this.#clock.now() >= deadline) throw error;
        await this.#clock.sleep(2000);
      }
    }
  }

  async #node(name: string, ids: Parameters<typeof readNodeFacts>[1]) {
    const now = this.#now();
    const facts = await this.#askNode(name, ids);
    this.#readings.note(name, this.#namesOf(ids), now);
    return facts;
  }

  #now(): Moment {
    return { at: this.#clock.now(), changes: this.#links.changes };
  }

  /** What the repositories offer is read for some minors only. */
  #namesOf(ids: readonly NodeFactId[]): string[] {
    return ids.flatMap((id) => (id === 'offered' ? this.#options.minors.map((minor) => `${id} ${minor}`) : [id]));
  }

  #askNode(name: string, ids: readonly NodeFactId[]) {
    const { minors, packagesBaseUrl, kubectl, nodes } = this.#options;
    // Beside a cluster there are machines without Kubernetes: those of an external etcd, load balancers.
    const isBeside =
      nodes.some((node) => node.name === name && node.role === 'other') && !isOutsideOfClusters(this.#options);
    return this.#turns.during(() =>
      this.#links.with(name, (remote) =>
        readNodeFacts((script) => remote.probe(script, { timeout: 120_000 }), ids, {
          host: name,
          minors: [...minors],
          kubeconfig: kubectl.kubeconfig,
          now: () => this.#clock.now(),
          ...(remote.probeEach && { probeEach: remote.probeEach.bind(remote) }),
          ...(isBeside ? { asFarAsThere: true } : {}),
          ...(packagesBaseUrl === undefined ? {} : { packagesBaseUrl }),
        }),
      ),
    );
  }
}
