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

/** R1: the newest and the oldest API server are within one minor. */
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

/** R2: a kubelet is not newer than any API server it can reach, and at most three minors older than the newest (two before 1.25). */
export function kubeletSkew(state: SkewState): Violation[] {
  return state.kubelets.flatMap((kubelet) => {
    const low = lowest(reachable(state, kubelet));
    const high = highest(state.apiServers);
    if (!low || !high) return [];
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
        remedy: `Upgrade the kubelet of ${kubelet.node} to 1.${high.minor - allowed} or newer first (R10).`,
      },
    ];
  });
}

/** R3: kube-proxy as R2, and within three minors of each node's kubelet (two where kube-proxy is older than 1.25). */
export function kubeProxySkew(state: SkewState): Violation[] {
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
  for (const kubelet of kubelets.filter((candidate) => candidate.source === 'running')) {
    const apart = Math.abs(kubelet.minor - kubeProxy.minor);
    if (apart <= allowed) continue;
    found.push({
      key: `kubelet ${kubelet.node}`,
      node: kubelet.node,
      excess: apart - allowed,
      summary: `kube-proxy and the kubelet of ${kubelet.node} ${apart} minors apart, ${allowed} are allowed: ${kubeProxy.version} and ${kubelet.version}`,
      remedy: `Bring the kubelet of ${kubelet.node} within ${allowed} minors of kube-proxy first.`,
    });
  }
  return found;
}
