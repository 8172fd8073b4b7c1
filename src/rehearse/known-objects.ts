import { isDeepStrictEqual } from 'node:util';
import type { Machine, World } from 'runbook-lab';
import { apiServerEndpoints } from '../facts/api-server-endpoints.ts';
import { serversOf } from '../facts/api-servers.ts';
import { coreDns } from '../facts/core-dns.ts';
import type { Fact, FactOptions, KnownFacts } from '../facts/fact.ts';
import type { ClusterFactId, ClusterFacts } from '../facts/facts.ts';
import { kubeadmConfig } from '../facts/kubeadm-config.ts';
import { kubeProxy } from '../facts/kube-proxy.ts';
import { type NodeObject, nodes } from '../facts/nodes.ts';
import { pdbs } from '../facts/pdbs.ts';
import { daemonSetTemplate, pods, podTemplate } from '../facts/pods.ts';
import { volumeAttachments } from '../facts/volume-attachments.ts';
import { webhooks } from '../facts/webhooks.ts';
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
    this.#understand = (objects, ahead) => fact.parse(ahead + print(objects), nothing);
  }

  /** @param ahead what is printed ahead of the list */
  of(objects: readonly ApiObject[], ahead = ''): readonly T[] {
    if (ahead !== this.#ahead) [this.#known, this.#objects, this.#values] = [new WeakMap(), [], []];
    const [before, values] = [this.#objects, this.#values];
    const isAsBefore =
      objects === before || (objects.length === before.length && objects.every((object, at) => object === before[at]));
    if (!isAsBefore) {
      let at = 0;
      this.#values = objects.map((object) => {
        // Those that are left are in the order in which they were.
        const found = before.indexOf(object, at);
        if (found !== -1) at = found + 1;
        return values[found] ?? this.#known.get(object) ?? this.#learn(object, ahead);
      });
    }
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

const nothing = { kubeconfig: '' };
const SYSTEM = 'kube-system';

function understood<T>(fact: Fact<T>, objects: readonly ApiObject[]): T {
  return fact.parse(asJson(objects), nothing);
}

/** As `-o json`, without its blanks. */
function asJson(items: readonly ApiObject[]): string {
  return JSON.stringify({ items });
}

/**
 * What the API of a twin says, without kubectl and its thousands of lines: each object is printed and understood once,
 * and again when it has changed. A run on hundreds of nodes asks for all of it some thousand times.
 */
export class KnownObjects implements KnownFacts {
  readonly #lab: LabPackage;
  readonly #world: World;
  readonly #reached: (node: string) => Machine | undefined;
  readonly #nodes: Known<NodeObject>;
  readonly #pods: Known<NonNullable<ClusterFacts['pods']>[number]>;
  readonly #pdbs: Known<NonNullable<ClusterFacts['pdbs']>[number]>;
  #answers: NonNullable<ClusterFacts['apiServers']> = [];

  /** @param reached the machine of a node, where a connection can be made to it now */
  constructor(lab: LabPackage, world: World, reached: (node: string) => Machine | undefined) {
    this.#lab = lab;
    this.#world = world;
    this.#reached = reached;
    this.#nodes = new Known(nodes, asJson);
    this.#pods = new Known(pods, (objects) => lab.printedObjects(objects, `jsonpath=${podTemplate}`));
    this.#pdbs = new Known(pdbs, asJson);
  }

  value<Id extends ClusterFactId>(id: Id, options: FactOptions): ClusterFacts[Id];
  value(id: ClusterFactId, options: FactOptions): ClusterFacts[ClusterFactId] {
    switch (id) {
      case 'nodes':
        return this.#nodes.of(this.#lab.listedNodes(this.#world));
      case 'pods':
        return this.#pods.of(this.#list('pods'), this.#daemonSets());
      case 'pdbs':
        return this.#pdbs.of(this.#list('poddisruptionbudgets'));
      case 'leases':
        return [...this.#lab.renewals(this.#world)].map(([node, renewTime]) => ({ node, renewTime }));
      case 'apiServerEndpoints':
        return understood(apiServerEndpoints, this.#mirrors('kube-apiserver'));
      case 'apiServers':
        return this.#apiServers(options);
      case 'kubeadmConfig': {
        const [configuration] = this.#named('configmaps', 'kubeadm-config');
        return configuration && kubeadmConfig.parse(JSON.stringify(configuration), nothing);
      }
      case 'kubeProxy':
        return this.#addon(kubeProxy, ['daemonsets.apps', 'configmaps'], 'kube-proxy');
      case 'coreDns':
        return this.#addon(coreDns, ['configmaps', 'deployments.apps'], 'coredns');
      case 'webhooks':
        return this.#webhooks();
      case 'volumeAttachments':
        return this.#list('volumeattachments').length === 0 ? volumeAttachments.parse('', nothing) : undefined;
      default:
        return undefined;
    }
  }

  async isAnswering({ host = '', kubeconfig }: FactOptions): Promise<boolean> {
    const machine = this.#reached(host);
    return machine !== undefined && (await this.#lab.isApiAnswering(this.#world, machine, kubeconfig));
  }

  /** As long as each of them answers; else each is asked, which also says why one does not. */
  #apiServers(options: FactOptions): ClusterFacts['apiServers'] {
    const places = serversOf(options);
    const versions = this.#lab.answeringApiServers(
      this.#world,
      places.map(({ endpoint }) => endpoint),
    );
    if (!versions) return undefined;
    const answers = places.map((place, at) => ({ ...place, version: versions[at] ?? '', ready: true }));
    if (!isDeepStrictEqual(answers, this.#answers)) this.#answers = answers;
    return this.#answers;
  }

  /** What kubectl says of its objects, where there are any. */
  #addon<T>(fact: Fact<T>, kinds: readonly string[], name: string): T | undefined {
    const objects = kinds.flatMap((kind) => this.#named(kind, name));
    return objects.length === 0 ? undefined : understood(fact, objects);
  }

  /** Undefined where one of them needs the services of the cluster. */
  #webhooks(): ClusterFacts['webhooks'] {
    const text = asJson(
      ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'].flatMap((kind) => this.#list(kind)),
    );
    return text.includes('"service":') ? undefined : webhooks.parse(text, nothing);
  }

  #named(kind: string, name: string): readonly ApiObject[] {
    return this.#lab
      .listedObjects(this.#world, kind, SYSTEM)
      .filter(({ metadata }) => metadata.namespace === SYSTEM && metadata.name === name);
  }

  #mirrors(component: string): readonly ApiObject[] {
    return this.#lab
      .listedMirrors(this.#world, component)
      .filter(({ metadata }) => metadata.labels?.['component'] === component);
  }

  #list(kind: string): readonly ApiObject[] {
    return this.#lab.listedObjects(this.#world, kind);
  }

  #daemonSets(): string {
    const objects = this.#world.cluster.workloads
      .filter(({ kind, group }) => kind === 'DaemonSet' && group === undefined)
      .map(({ namespace, name }) => ({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace, name } }));
    return this.#lab.printedObjects(objects, `jsonpath=${daemonSetTemplate}`);
  }
}
