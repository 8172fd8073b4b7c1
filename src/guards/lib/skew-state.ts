import type { Facts, NodeFacts } from '../../facts/facts.ts';
import { nodeObjectFor } from '../../facts/lib/identity.ts';
import { tagOf } from '../../facts/lib/image.ts';
import { minorNumber, withoutV } from '../../facts/lib/version.ts';
import { releaseOf } from '../../packages/lib/revision.ts';
import { versionsOf } from '../../facts/lib/versions.ts';

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
  /** `installed`: the package on the disk, which the next start of the kubelet runs, by whatever cause; only where it is another. */
  readonly source: 'running' | 'installed';
  /** `server:` of its kubeconfig. */
  readonly server?: string;
}

export function skewState(facts: Facts): SkewState {
  const { cluster } = facts;
  const kubeProxy = versioned(cluster?.kubeProxy?.version);
  const machines = machinesOf(facts);
  return {
    apiServers: (cluster?.apiServers ?? []).flatMap(({ node, endpoint, version }) => {
      const known = versioned(version ?? manifestOf(machines.get(node)));
      return known ? [{ ...known, node, endpoints: [endpoint, ...aliases(facts, node, endpoint)] }] : [];
    }),
    kubelets: kubeletsOf(facts),
    ...(kubeProxy ? { kubeProxy } : {}),
    controllers: controllersOf(facts),
    kubectls: kubectlsOf(facts),
  };
}

function controllersOf(facts: Facts): SkewController[] {
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
}

/** Those whose releases bear the number of the Kubernetes minor that they are made for; others have numbers of their own. */
const followsKubernetes =
  /(provider-aws\/cloud-controller-manager|openstack-cloud-controller-manager|azure-cloud-controller-manager|cloud-pv-vsphere\/cloud-provider-vsphere|cpi\/release\/manager|cloud-provider-gcp\/cloud-controller-manager)[:@]/;

function cloudControllers(facts: Facts): SkewController[] {
  const images = (facts.cluster?.pods ?? []).flatMap((pod) =>
    pod.images.filter((image) => followsKubernetes.test(image)),
  );
  return [...new Set(images)].flatMap((image) => {
    const known = versioned(tagOf(image));
    return known ? [{ ...known, component: 'cloud-controller-manager' }] : [];
  });
}

function kubectlsOf(facts: Facts): SkewKubectl[] {
  return Object.entries(facts.nodes).flatMap(([name, { binaries }]) => {
    const known = versioned(binaries?.kubectl);
    const object = nodeObjectFor(facts, name);
    return known && object?.controlPlane === true ? [{ ...known, node: object.name }] : [];
  });
}

/** By the Node object's name. */
function machinesOf(facts: Facts): ReadonlyMap<string, NodeFacts> {
  return new Map(Object.entries(facts.nodes).map(([name, node]) => [nodeObjectFor(facts, name)?.name ?? name, node]));
}

/** The release at which an API server that does not answer comes back, which it may do at any moment. */
function manifestOf(machine: NodeFacts | undefined): string | undefined {
  const tag = machine?.staticPods?.components['kube-apiserver']?.tag;
  return tag === undefined ? undefined : withoutV(tag);
}

function kubeletsOf(facts: Facts): SkewKubelet[] {
  const machines = machinesOf(facts);
  return (facts.cluster?.nodes ?? []).flatMap(({ name, kubeletVersion }) => {
    const machine = machines.get(name);
    const server = machine?.kubelet?.server;
    const revision = machine?.packages?.installed['kubelet']?.revision;
    const at = { node: name, ...(server === undefined ? {} : { server }) };
    const running = versioned(kubeletVersion);
    const installed = versioned(revision === undefined ? undefined : releaseOf(revision));
    return [
      ...(running ? [{ ...at, ...running, source: 'running' as const }] : []),
      ...(installed && installed.version !== running?.version
        ? [{ ...at, ...installed, source: 'installed' as const }]
        : []),
    ];
  });
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
 * The API servers that a kubelet may reach: one where its `server:` is that one's own address; all of them through a load balancer,
 * a virtual address, a proxy on the node, or where it is not known.
 */
export function reachable(state: SkewState, kubelet: SkewKubelet): readonly SkewApiServer[] {
  const address = kubelet.server?.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const own = state.apiServers.filter((server) => address !== undefined && server.endpoints.includes(address));
  return own.length > 0 ? own : state.apiServers;
}

export function lowest<T extends SkewVersion>(versions: readonly T[]): T | undefined {
  return versions.toSorted((a, b) => a.minor - b.minor)[0];
}

export function highest<T extends SkewVersion>(versions: readonly T[]): T | undefined {
  return versions.toSorted((a, b) => b.minor - a.minor)[0];
}
