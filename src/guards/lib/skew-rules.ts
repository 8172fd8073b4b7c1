import { once } from '../../facts/lib/once.ts';
import { highest, lowest, reachable, type SkewState } from './skew-state.ts';

/** A broken rule: where, by how many minors too much, with the values seen. */
export interface Violation {
  /** Names the same violation in two states. */
  readonly key: string;
  /** The Node object, where it is about one. */
  readonly node?: string;
  readonly excess: number;
  readonly summary: string;
  readonly remedy: string;
}

/** The newest and the oldest API server are within one minor. */
export function apiServerSkew({ apiServers }: SkewState): Violation[] {
  const [low, high] = [lowest(apiServers), highest(apiServers)];
  if (!low || !high || high.minor - low.minor <= 1) return [];
  return [
    {
      key: 'api-servers',
      excess: high.minor - low.minor - 1,
      summary: `API servers more than one minor apart: ${high.version} on ${high.node}, ${low.version} on ${low.node}`,
      remedy: `Bring ${low.node} to 1.${high.minor - 1} first.`,
    },
  ];
}

/** A kubelet is no newer than any API server it can reach, and at most 3 minors behind the newest (2 before 1.25). */
export function kubeletSkew({ kubelets, apiServers }: SkewState): readonly Violation[] {
  return kubeletSkews(kubelets)(apiServers);
}

const kubeletSkews = once((kubelets: SkewState['kubelets']) =>
  once((apiServers: SkewState['apiServers']) => kubeletSkewOf(kubelets, apiServers)),
);

function kubeletSkewOf(kubelets: SkewState['kubelets'], apiServers: SkewState['apiServers']): Violation[] {
  const [lowestOfAll, high] = [lowest(apiServers), highest(apiServers)];
  if (!lowestOfAll || !high) return [];
  const suspects = kubelets.filter(({ minor }) => minor > lowestOfAll.minor || high.minor - minor > 2);
  return suspects.flatMap((kubelet) => {
    const low = lowest(reachable(apiServers, kubelet));
    if (!low) return [];
    const allowed = kubelet.minor < 25 ? 2 : 3;
    const what = kubelet.source === 'running' ? 'kubelet' : 'installed kubelet';
    const common = { key: `${kubelet.source} ${kubelet.node}`, node: kubelet.node };
    if (kubelet.minor > low.minor) {
      return [
        {
          ...common,
          excess: kubelet.minor - low.minor,
          summary: `${what} of ${kubelet.node} newer than an API server: ${kubelet.version} against ${low.version} of ${low.node}`,
          remedy: `Upgrade the API server of ${low.node} to 1.${kubelet.minor} before the kubelets.`,
        },
      ];
    }
    const behind = high.minor - kubelet.minor;
    if (behind <= allowed) return [];
    return [
      {
        ...common,
        excess: behind - allowed,
        summary: `${what} of ${kubelet.node} ${behind} minors behind an API server, ${allowed} are allowed: ${kubelet.version} against ${high.version} of ${high.node}`,
        remedy: `Upgrade the kubelet of ${kubelet.node} to 1.${high.minor - allowed} or newer first.`,
      },
    ];
  });
}

/** kube-proxy: as a kubelet, and within three minors of each node's kubelet (two if kube-proxy is older than 1.25). */
export const kubeProxySkew = once((state: SkewState): Violation[] => {
  const { kubeProxy, apiServers, kubelets } = state;
  if (!kubeProxy) return [];
  const [low, high] = [lowest(apiServers), highest(apiServers)];
  const allowed = kubeProxy.minor < 25 ? 2 : 3;
  const found: Violation[] = [];
  if (low && kubeProxy.minor > low.minor) {
    found.push({
      key: 'newer',
      excess: kubeProxy.minor - low.minor,
      summary: `kube-proxy newer than an API server: ${kubeProxy.version} against ${low.version} of ${low.node}`,
      remedy: `Upgrade the API server of ${low.node} to 1.${kubeProxy.minor} before kube-proxy.`,
    });
  }
  if (high && high.minor - kubeProxy.minor > allowed) {
    found.push({
      key: 'older',
      excess: high.minor - kubeProxy.minor - allowed,
      summary: `kube-proxy ${high.minor - kubeProxy.minor} minors behind an API server, ${allowed} are allowed: ${kubeProxy.version} against ${high.version} of ${high.node}`,
      remedy: `Upgrade kube-proxy to 1.${high.minor - allowed} or newer first.`,
    });
  }
  for (const kubelet of kubelets) {
    const apart = Math.abs(kubelet.minor - kubeProxy.minor);
    if (apart <= allowed || kubelet.source !== 'running') continue;
    found.push({
      key: `kubelet ${kubelet.node}`,
      node: kubelet.node,
      excess: apart - allowed,
      summary: `kube-proxy and the kubelet of ${kubelet.node} ${apart} minors apart, ${allowed} are allowed: ${kubeProxy.version} and ${kubelet.version}`,
      remedy: `Bring the kubelet of ${kubelet.node} within ${allowed} minors of kube-proxy first.`,
    });
  }
  return found;
});

/**
 * A controller-manager, scheduler or cloud-controller-manager is no newer than an API server that it asks, and at most
 * one minor older than the newest. kubeadm has the first two ask their own node's API server (1.20 release notes).
 */
export function controllerSkew(state: SkewState): Violation[] {
  const high = highest(state.apiServers);
  return state.controllers.flatMap((controller): Violation[] => {
    const { component, node, minor, version } = controller;
    const own = state.apiServers.filter((server) => server.node === node);
    const low = lowest(own.length > 0 ? own : state.apiServers);
    if (!low || !high) return [];
    const what = node === undefined ? component : `${component} of ${node}`;
    const common = { key: `${component} ${node ?? ''}`, ...(node === undefined ? {} : { node }) };
    if (minor > low.minor) {
      return [
        {
          ...common,
          excess: minor - low.minor,
          summary: `${what} newer than the API server that it asks: ${version} against ${low.version} of ${low.node}`,
          remedy: `Upgrade the API server of ${low.node} to 1.${minor} first.`,
        },
      ];
    }
    if (high.minor - minor <= 1) return [];
    return [
      {
        ...common,
        excess: high.minor - minor - 1,
        summary: `${what} ${high.minor - minor} minors behind an API server, one is allowed: ${version} against ${high.version} of ${high.node}`,
        remedy: `Upgrade it to 1.${high.minor - 1} or newer first.`,
      },
    ];
  });
}

/** kubectl is within one minor of every API server. */
export function kubectlSkew({ apiServers, kubectls }: SkewState): Violation[] {
  return kubectls.flatMap(({ node, minor, version }) => {
    const worst = apiServers.toSorted((a, b) => Math.abs(b.minor - minor) - Math.abs(a.minor - minor))[0];
    const apart = worst ? Math.abs(worst.minor - minor) : 0;
    if (!worst || apart <= 1) return [];
    return [
      {
        key: `kubectl ${node}`,
        node,
        excess: apart - 1,
        summary: `kubectl of ${node} ${apart} minors from an API server, one is allowed: ${version} against ${worst.version} of ${worst.node}`,
        remedy: `Install kubectl 1.${minor < worst.minor ? worst.minor - 1 : worst.minor + 1} or nearer on ${node}: a run uses it.`,
      },
    ];
  });
}
