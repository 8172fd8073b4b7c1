import { isDeepStrictEqual } from 'node:util';
import type { Facts, NodeFacts } from '../../facts/facts.ts';
import { controlPlanesOf } from '../../facts/lib/control-planes.ts';
import { inventoryNamesOf, machinesByObject, machinesOf } from '../../facts/lib/identity.ts';
import { tagOf } from '../../facts/lib/image.ts';
import { carried, lately, once } from '../../facts/lib/once.ts';
import { podsByHome } from '../../facts/lib/pods-on.ts';
import { minorNumber, withoutV } from '../../facts/lib/version.ts';
import { releaseOf } from '../../packages/lib/revision.ts';
import { versionsOf } from '../../facts/lib/versions.ts';
import type { NodeObject } from '../../facts/nodes.ts';
import type { PodFact } from '../../facts/pods.ts';

/** The versions that the skew policy is about, as far as they are known. */
export interface SkewState {
  readonly apiServers: readonly SkewApiServer[];
  readonly kubelets: readonly SkewKubelet[];
  readonly kubeProxy?: SkewVersion;
  readonly controllers: readonly SkewController[];
  /** Of the control planes: one of these is what a run uses. */
  readonly kubectls: readonly SkewKubectl[];
}
export interface SkewController extends SkewVersion {
  /** `kube-controller-manager`, `kube-scheduler`, `cloud-controller-manager` */
  readonly component: string;
  /** The Node object; undefined: it may ask any API server. */
  readonly node?: string;
}
export interface SkewKubectl extends SkewVersion {
  readonly node: string;
}
export interface SkewVersion {
  /** `1.32.9` */
  readonly version: string;
  /** 32 */
  readonly minor: number;
}
export interface SkewApiServer extends SkewVersion {
  /** The Node object's name. */
  readonly node: string;
  /** `host:port` and every other address under which a kubelet may know it. */
  readonly endpoints: readonly string[];
}
export interface SkewKubelet extends SkewVersion {
  readonly node: string;
  /** `installed`: the package on the disk, which the next start of the kubelet runs; only if its version differs. */
  readonly source: 'running' | 'installed';
  /** `server:` of its kubeconfig. */
  readonly server?: string;
}

/** Each of these is found when it is asked for. */
export const skewState = lately((facts: Facts): SkewState => {
  const kubeProxy = versioned(facts.cluster?.kubeProxy?.version);
  return {
    get apiServers() {
      return apiServersOf(facts);
    },
    get kubelets() {
      return kubeletsOf(facts).all;
    },
    ...(kubeProxy ? { kubeProxy } : {}),
    get controllers() {
      return controllersOf(facts);
    },
    get kubectls() {
      return kubectlsOf(facts);
    },
  };
});

/** The list is the same object for as long as no API server changes. */
const apiServersOf = carried(apiServersIn, (last, facts) => {
  const now = apiServersIn(facts);
  return isDeepStrictEqual(last, now) ? last : now;
});

function apiServersIn(facts: Facts): readonly SkewApiServer[] {
  return (facts.cluster?.apiServers ?? []).flatMap(({ node, endpoint, version }) => {
    const known = versioned(version ?? manifestOf(machineOf(facts, node)));
    return known ? [{ ...known, node, endpoints: [endpoint, ...aliases(facts, node, endpoint)] }] : [];
  });
}

const controllersOf = lately((facts: Facts): SkewController[] => {
  const { controllerManagers, schedulers } = versionsOf(facts);
  const own = (component: string, versions: Readonly<Record<string, string>>) =>
    Object.entries(versions).flatMap(([node, version]) => {
      const known = versioned(version);
      return known ? [{ ...known, component, node }] : [];
    });
  return [
    ...own('kube-controller-manager', controllerManagers),
    ...own('kube-scheduler', schedulers),
    ...cloudControllers(facts),
  ];
});

/** Those whose releases bear the number of their Kubernetes minor; others have numbers of their own. */
const followsKubernetes =
  /(provider-aws\/cloud-controller-manager|openstack-cloud-controller-manager|azure-cloud-controller-manager|cloud-pv-vsphere\/cloud-provider-vsphere|cpi\/release\/manager|cloud-provider-gcp\/cloud-controller-manager)[:@]/;

function cloudControllers({ cluster }: Facts): SkewController[] {
  const images = new Set<string>();
  for (const pods of podsByHome(cluster?.pods ?? none).values())
    for (const image of cloudImages(pods)) images.add(image);
  return [...images].toSorted().flatMap((image) => {
    const known = versioned(tagOf(image));
    return known ? [{ ...known, component: 'cloud-controller-manager' }] : [];
  });
}

/** Of the pods of one node, which stay as they are while others change. */
const cloudImages = once((pods: readonly PodFact[]) =>
  pods.flatMap(({ images }) => images).filter((image) => followsKubernetes.test(image)),
);

/** In the inventory's order. */
const kubectlsOf = lately((facts: Facts): SkewKubectl[] => {
  const { names, placeOf } = machinesOf(facts);
  return controlPlanesOf(facts.cluster?.nodes ?? none)
    .flatMap((object) =>
      inventoryNamesOf(facts, object.name).map((name) => ({ node: object.name, at: placeOf.get(name) ?? 0 })),
    )
    .toSorted((a, b) => a.at - b.at)
    .flatMap(({ node, at }) => {
      const known = versioned(facts.nodes[names[at] ?? '']?.binaries?.kubectl);
      return known ? [{ ...known, node }] : [];
    });
});

/** The release at which an API server that does not answer comes back, which it may do at any moment. */
function manifestOf(machine: NodeFacts | undefined): string | undefined {
  const tag = machine?.staticPods?.components['kube-apiserver']?.tag;
  return tag === undefined ? undefined : withoutV(tag);
}

function machineOf(facts: Facts, object: string): NodeFacts | undefined {
  const at = facts.cluster?.nodes?.findIndex(({ name }) => name === object) ?? -1;
  return at === -1 ? facts.nodes[object] : machinesByObject(facts)[at];
}

interface Kubelets {
  readonly objects: readonly NodeObject[];
  readonly machines: readonly (NodeFacts | undefined)[];
  readonly byObject: readonly (readonly SkewKubelet[])[];
  readonly all: readonly SkewKubelet[];
}

/** The list is the same object for as long as no kubelet changes. */
const kubeletsOf = carried(
  (facts: Facts): Kubelets => {
    const [objects, machines] = [facts.cluster?.nodes ?? none, machinesByObject(facts)];
    const byObject = objects.map((object, at) => kubeletsOfNode(object, machines[at] ?? {}));
    return { objects, machines, byObject, all: joined(byObject) };
  },
  (last, facts) => {
    const [objects, machines] = [facts.cluster?.nodes ?? none, machinesByObject(facts)];
    if (objects.length !== last.objects.length) return undefined;
    let { byObject } = last;
    for (let at = 0; at < objects.length; at += 1) {
      const object = objects[at];
      if (!object || (object === last.objects[at] && machines[at] === last.machines[at])) continue;
      const now = kubeletsOfNode(object, machines[at] ?? {});
      if (!isDeepStrictEqual(byObject[at], now)) byObject = byObject.with(at, now);
    }
    return { objects, machines, byObject, all: byObject === last.byObject ? last.all : joined(byObject) };
  },
);

const none: readonly never[] = [];

/** Array.flat is many times slower. */
function joined<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const all: T[] = [];
  for (const list of lists) for (const one of list) all.push(one);
  return all;
}

function kubeletsOfNode({ name, kubeletVersion }: NodeObject, machine: NodeFacts): SkewKubelet[] {
  const server = machine.kubelet?.server;
  const revision = machine.packages?.installed['kubelet']?.revision;
  const at = { node: name, ...(server === undefined ? {} : { server }) };
  const running = versioned(kubeletVersion);
  const installed = versioned(revision === undefined ? undefined : releaseOf(revision));
  return [
    ...(running ? [{ ...at, ...running, source: 'running' as const }] : []),
    ...(installed && installed.version !== running?.version
      ? [{ ...at, ...installed, source: 'installed' as const }]
      : []),
  ];
}

function versioned(version: string | undefined): SkewVersion | undefined {
  const minor = version === undefined ? undefined : minorNumber(version);
  return version === undefined || minor === undefined ? undefined : { version, minor };
}

function aliases(facts: Facts, node: string, endpoint: string): string[] {
  const port = endpoint.slice(endpoint.lastIndexOf(':'));
  const object = facts.cluster?.nodes?.find((candidate) => candidate.name === node);
  return (object?.addresses ?? []).map(({ address }) =>
    address.includes(':') ? `[${address}]${port}` : `${address}${port}`,
  );
}

/**
 * The API servers that a kubelet may reach: one where its `server:` is that one's own address; all of them through a
 * load balancer, a virtual address, a proxy on the node, or where it is not known.
 */
export function reachable(apiServers: readonly SkewApiServer[], { server }: SkewKubelet): readonly SkewApiServer[] {
  return serversAt(apiServers)(server);
}

const serversAt = once((apiServers: readonly SkewApiServer[]) => {
  const known = new Map<string | undefined, readonly SkewApiServer[]>();
  return (server: string | undefined) => {
    let found = known.get(server);
    if (!found) known.set(server, (found = those(apiServers, server)));
    return found;
  };
});

function those(apiServers: readonly SkewApiServer[], server: string | undefined): readonly SkewApiServer[] {
  const address = server?.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const own = apiServers.filter((candidate) => address !== undefined && candidate.endpoints.includes(address));
  return own.length > 0 ? own : apiServers;
}

/** The first of the lowest minor. */
export function lowest<T extends SkewVersion>(versions: readonly T[]): T | undefined {
  let found = versions[0];
  for (const version of versions) if (found && version.minor < found.minor) found = version;
  return found;
}

/** The first of the highest minor. */
export function highest<T extends SkewVersion>(versions: readonly T[]): T | undefined {
  let found = versions[0];
  for (const version of versions) if (found && version.minor > found.minor) found = version;
  return found;
}
