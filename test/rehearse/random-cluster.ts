import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';
import type { PdbFact } from '../../src/facts/pdbs.ts';
import type { PodFact } from '../../src/facts/pods.ts';
import { createWorld } from '../../src/lab/lab.ts';
import { asJson, factsOf, type SourceDocument, type SourceNode, timeOf } from './twins.ts';

/** Numbers that look random and follow from a seed (mulberry32). */
export class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed * 2_654_435_761;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  from(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  is(share: number): boolean {
    return this.next() < share;
  }

  one<T>(list: readonly T[]): T {
    const found = list[this.from(0, list.length - 1)];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  }

  hex(length: number): string {
    return Array.from({ length }, () => this.from(0, 15).toString(16)).join('');
  }
}

type Os = 'debian' | 'rocky' | 'suse';
/** Facts of one machine of each kind, as the lab has them: what a random cluster is made of. */
export interface Templates {
  /** `debian worker` */
  readonly machines: Readonly<Record<string, NodeFacts>>;
  readonly cluster: NonNullable<Facts['cluster']>;
}

/** Reads a machine of each kind once. */
export async function templates(): Promise<Templates> {
  const found: Record<string, NodeFacts> = {};
  let cluster: Facts['cluster'];
  for (const os of ['debian', 'rocky', 'suse'] as const) {
    const clock = timeOf();
    const world = await createWorld({ controlPlanes: 1, workers: 1, clock, quick: true, [os]: ['*'] });
    const nodes = world.machines.map(({ alias, ip, role }): SourceNode => ({ name: alias, host: ip, role }));
    const facts = await factsOf(world, clock, nodes);
    found[`${os} control-plane`] = facts.nodes['cp-1'] ?? {};
    found[`${os} worker`] = facts.nodes['worker-1'] ?? {};
    cluster ??= facts.cluster;
  }
  return { machines: found, cluster: cluster ?? {} };
}

interface Machine extends SourceNode {
  readonly object: string;
  readonly os: Os;
  readonly index: number;
}

const namings: readonly ((role: string, index: number) => string)[] = [
  (role, index) => `${role === 'worker' ? 'node' : 'master'}${String(index).padStart(2, '0')}`,
  (role, index) => `ip-10-7-${index}-${role === 'worker' ? 20 : 10}.eu-west-1.compute.internal`,
  (role, index) => `k8s-${role === 'worker' ? 'w' : 'cp'}-${index}.example.org`,
];

/** A plausible cluster of 3 to 60 nodes. The same seed makes the same. */
export function randomCluster(seed: number, made: Templates): SourceDocument {
  const chance = new Chance(seed);
  const planes = chance.one([1, 3, 3, 5]);
  const workers = chance.from(Math.max(2, 3 - planes), chance.is(0.2) ? 60 - planes : 14);
  const naming = chance.one(namings);
  const fixed = chance.one<Os | 'mixed'>(['debian', 'rocky', 'suse', 'mixed']);
  const clusterId = `2${chance.hex(15)}`;
  const machines = Array.from({ length: planes + workers }, (_, index): Machine => {
    const role = index < planes ? 'control-plane' : 'worker';
    const object = naming(role, index);
    const name = chance.is(0.2) ? `inv-${index}` : object;
    return {
      name,
      object,
      host: `10.7.${index}.10`,
      role,
      index,
      os: fixed === 'mixed' ? chance.one(['debian', 'rocky', 'suse']) : fixed,
    };
  });
  const nodes = Object.fromEntries(
    machines.map((machine) => [machine.name, nodeFacts(machine, chance, made, clusterId)]),
  );
  const cluster = clusterFacts(machines, nodes, chance, made, clusterId);
  return asJson({
    readAt: '2026-03-01T12:00:00.000Z',
    inventory: { cluster: `random-${seed}`, nodes: machines.map(({ name, host, role }) => ({ name, host, role })) },
    facts: { nodes, cluster },
  });
}

/** The template with all that names its machine replaced. */
function nodeFacts(machine: Machine, chance: Chance, made: Templates, clusterId: string): NodeFacts {
  const { role, os, object, host } = machine;
  const [name, ip] = role === 'worker' ? ['worker-1', '10.10.0.101'] : ['cp-1', '10.10.0.11'];
  const text = JSON.stringify(made.machines[`${os} ${role}`]).replaceAll(ip, host).replaceAll(name, object);
  const facts = JSON.parse(text) as NodeFacts;
  const { packages, disk, certificates, kernel, kubeletSetup } = facts;
  const held = packages?.held ?? [];
  const isHeld = chance.is(0.7);
  const edited = role === 'control-plane' && chance.is(0.4) ? editedManifests(facts, chance) : facts.manifests;
  return {
    ...facts,
    machine: {
      hostname: object,
      machineId: chance.hex(32),
      systemUuid: `${chance.hex(8)}-${chance.hex(4)}-4${chance.hex(3)}-8${chance.hex(3)}-${chance.hex(12)}`,
      bootId: `${chance.hex(8)}-${chance.hex(4)}-4${chance.hex(3)}-8${chance.hex(3)}-${chance.hex(12)}`,
      initStart: String(chance.from(2, 900)),
      addresses: [host, `fe80::${machine.index + 1}`],
    },
    ...(packages && {
      packages: { ...packages, held: isHeld ? held : [], installed: installed(packages.installed, isHeld, os) },
    }),
    ...(edited && { manifests: edited }),
    ...(disk && {
      disk: {
        ...disk,
        places: disk.places
          .map((place) => ({ ...place, free: 1024 * chance.from(100_000, 30_000_000) }))
          .map((place, _, all) => ({
            ...place,
            free: all.find(({ mount }) => mount === place.mount)?.free ?? place.free,
          })),
      },
    }),
    ...(certificates && {
      certificates: {
        ...certificates,
        files: certificates.files.map(({ path }) => ({ path, notAfter: 1_772_000_000 + 86_400 * chance.from(3, 360) })),
      },
    }),
    ...(kernel && {
      kernel: {
        ...kernel,
        swaps: chance.is(0.1) ? [{ name: '/dev/vda3', bytes: 1024 * chance.from(1000, 9000) }] : [],
      },
    }),
    ...(kubeletSetup?.config && chance.is(0.3)
      ? {
          kubeletSetup: {
            ...kubeletSetup,
            config: {
              ...kubeletSetup.config,
              settings: {
                ...kubeletSetup.config.settings,
                maxPods: String(chance.from(50, 250)),
                'evictionHard.memory.available': '"200Mi"',
              },
            },
          },
        }
      : {}),
    reboot: chance.is(0.2)
      ? { required: true, reason: 'asked for by linux-image-amd64' }
      : (facts.reboot ?? { reason: 'nothing on the node asks for it' }),
    osUpdates: { pending: chance.is(0.5) && os === 'debian' ? ['bash', 'openssl'] : (facts.osUpdates?.pending ?? []) },
    ...(facts.etcdHost?.clusterId === undefined ? {} : { etcdHost: { ...facts.etcdHost, clusterId } }),
    proxyVariables: chance.is(0.2) ? [{ name: 'https_proxy', value: 'http://proxy.example.org:3128' }] : [],
    clock: { least: -0.2, most: 0.2 },
  };
}

function installed(all: NonNullable<NodeFacts['packages']>['installed'], isHeld: boolean, os: Os) {
  return Object.fromEntries(
    Object.entries(all).map(([name, one]) => [
      name,
      os === 'debian' && !isHeld ? { ...one, status: one.status.replace(/^h/, 'i') } : one,
    ]),
  );
}

function editedManifests(facts: NodeFacts, chance: Chance): NonNullable<NodeFacts['manifests']> {
  const component = chance.one(['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']);
  const before = facts.manifests?.[component];
  if (!before) return facts.manifests ?? {};
  const edited = {
    ...before,
    flags: [...before.flags, { name: 'v', value: String(chance.from(2, 6)) }],
    volumes: [...before.volumes, 'extra'],
    sidecars: chance.is(0.3) ? ['audit-forwarder'] : [],
    fields: { ...before.fields, 'resources.limits.memory': '4Gi', 'livenessProbe.timeoutSeconds': '30' },
  };
  return { ...facts.manifests, [component]: edited };
}

function clusterFacts(
  machines: readonly Machine[],
  nodes: Readonly<Record<string, NodeFacts>>,
  chance: Chance,
  { cluster }: Templates,
  clusterId: string,
): NonNullable<Facts['cluster']> {
  const objects = machines.map((machine) => nodeObject(machine, nodes[machine.name], chance, cluster));
  const planes = machines.filter(({ role }) => role === 'control-plane');
  const { pods, pdbs } = workloads(machines, chance, cluster);
  const [member] = cluster.etcd?.members ?? [];
  const ids = planes.map(() => `8${chance.hex(15)}`);
  return {
    ...cluster,
    nodes: objects,
    pods,
    pdbs,
    leases: machines.map(({ object }) => ({ node: object, renewTime: '2026-03-01T11:59:55.000000Z' })),
    apiServerEndpoints: planes.map(({ object, host }) => ({ node: object, endpoint: `${host}:6443` })),
    apiServers: planes.map(({ object, host }) => ({
      node: object,
      endpoint: `${host}:6443`,
      version: '1.31.9',
      ready: true,
    })),
    ...(member && {
      etcd: {
        external: false,
        source: `etcd-${planes[0]?.object ?? ''}`,
        clusterId,
        members: planes.map(({ object, host }, index) => ({
          ...member,
          id: ids[index] ?? '',
          name: object,
          peerUrls: [`https://${host}:2380`],
          clientUrls: [`https://${host}:2379`],
          follows: ids[0] ?? '',
          leader: index === 0,
        })),
      },
    }),
    kubeProxy: { version: '1.31.9', desired: machines.length, updated: machines.length, available: machines.length },
    volumeAttachments: [],
  };
}

function nodeObject(
  { object, host, role }: Machine,
  facts: NodeFacts | undefined,
  chance: Chance,
  cluster: NonNullable<Facts['cluster']>,
): NodeObject {
  const like = cluster.nodes?.find(({ controlPlane }) => controlPlane === (role === 'control-plane'));
  if (!like || !facts?.machine) throw new Error('no template');
  const tainted = role === 'worker' && chance.is(0.15);
  const cordoned = role === 'worker' && chance.is(0.1);
  return {
    ...like,
    name: object,
    labels: { ...like.labels, 'kubernetes.io/hostname': object, 'example.org/zone': chance.one(['a', 'b', 'c']) },
    annotations: { ...like.annotations, 'example.org/owner': `team-${chance.from(1, 9)}` },
    unschedulable: cordoned,
    taints: [
      ...like.taints,
      ...(tainted ? [{ key: 'example.org/dedicated', value: 'db', effect: 'NoSchedule' }] : []),
      ...(cordoned ? [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] : []),
    ],
    allocatable: { cpu: 1000 * chance.from(2, 16), memory: 2 ** 30 * chance.from(4, 64), pods: 110 },
    addresses: [
      { type: 'InternalIP', address: host },
      { type: 'Hostname', address: object },
    ],
    machineId: facts.machine.machineId,
    systemUuid: facts.machine.systemUuid ?? '',
    bootId: facts.machine.bootId,
  };
}

function workloads(
  machines: readonly Machine[],
  chance: Chance,
  cluster: NonNullable<Facts['cluster']>,
): { readonly pods: readonly PodFact[]; readonly pdbs: readonly PdbFact[] } {
  const pods: PodFact[] = [];
  const pdbs: PdbFact[] = [];
  const workers = machines.filter(({ role }) => role === 'worker');
  for (const { object, role } of machines) {
    for (const like of cluster.pods ?? []) {
      const isMirror = like.mirror && role === 'control-plane' && like.node === 'cp-1';
      if (isMirror)
        pods.push({
          ...like,
          name: like.name.replace('cp-1', object),
          node: object,
          controller: { kind: 'Node', name: object },
        });
    }
    const proxy = (cluster.pods ?? []).find(({ controller }) => controller?.name === 'kube-proxy');
    if (proxy) pods.push({ ...proxy, name: `kube-proxy-${chance.hex(5)}`, node: object });
  }
  for (const like of (cluster.pods ?? []).filter(({ name }) => name.startsWith('coredns-')))
    pods.push({ ...like, node: chance.one(workers).object });
  for (let count = chance.from(2, 12); count > 0; count -= 1) {
    const namespace = chance.one(['shop', 'billing', 'search']);
    const name = `app-${count}`;
    const kind = chance.one(['ReplicaSet', 'ReplicaSet', 'StatefulSet', 'none']);
    const replicas = kind === 'none' ? 1 : chance.from(1, 6);
    const hash = chance.hex(9);
    const unready = chance.is(0.15) ? 1 : 0;
    for (let at = 0; at < replicas; at += 1)
      pods.push(
        pod({ namespace, name, kind, hash, at, node: chance.one(workers).object, ready: at >= unready }, chance),
      );
    if (kind === 'none' || chance.is(0.4)) continue;
    const healthy = replicas - Math.min(unready, replicas);
    const max = chance.one([1, 2, 0]);
    pdbs.push({
      namespace,
      name,
      selector: chance.is(0.3)
        ? { matchLabels: {}, matchExpressions: [{ key: 'app', operator: 'In', values: [name] }] }
        : { matchLabels: { app: name }, matchExpressions: [] },
      maxUnavailable: String(max),
      expectedPods: replicas,
      currentHealthy: healthy,
      desiredHealthy: Math.max(0, replicas - max),
      disruptionsAllowed: Math.max(0, healthy - Math.max(0, replicas - max)),
      generation: 1,
      observedGeneration: 1,
    });
  }
  return { pods, pdbs };
}

interface PodParts {
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  readonly hash: string;
  readonly at: number;
  readonly node: string;
  readonly ready: boolean;
}

function pod({ namespace, name, kind, hash, at, node, ready }: PodParts, chance: Chance): PodFact {
  const names: Readonly<Record<string, string>> = {
    ReplicaSet: `${name}-${hash}-${chance.hex(5)}`,
    StatefulSet: `${name}-${at}`,
    none: `${name}-by-hand`,
  };
  const claims = kind === 'StatefulSet' ? ['volume claims'] : [];
  return {
    namespace,
    name: names[kind] ?? name,
    node,
    labels: { app: name, ...(kind === 'ReplicaSet' ? { 'pod-template-hash': hash } : {}) },
    phase: 'Running',
    ready,
    deleting: false,
    ...(kind === 'none' ? {} : { controller: { kind, name: kind === 'ReplicaSet' ? `${name}-${hash}` : name } }),
    mirror: false,
    emptyDirs: hash.startsWith('a') ? ['cache'] : [],
    images: [`registry.example.org/${namespace}/${name}:1.${at % 2}`],
    restarts: chance.from(0, 4),
    requests: { cpu: 10 * chance.from(1, 20), memory: 2 ** 20 * chance.from(16, 512) },
    tolerations: [
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
      { key: 'example.org/dedicated', operator: 'Equal', value: 'db', effect: 'NoSchedule' },
    ],
    ...(claims.length > 0 ? { bound: claims } : {}),
    ...(chance.is(0.1) ? { nodeSelector: { 'kubernetes.io/os': 'linux' } } : {}),
  };
}
