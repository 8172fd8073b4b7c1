import type { Facts } from '../facts/facts.ts';
import { tagOf } from '../facts/lib/image.ts';
import { minorNumber } from '../facts/lib/version.ts';
import type { Guard } from './guard.ts';
import { judge } from './lib/skew.ts';
import { kubeProxySkew, type Violation } from './lib/skew-rules.ts';
import { type SkewState, skewState, type SkewVersion } from './lib/skew-state.ts';

/** A stuck rollout leaves another version running than the DaemonSet's. Never judges steps. */
export const skewKubeProxyPods: Guard = {
  id: 'skew-kube-proxy-pods',
  title: 'The kube-proxy that runs on each node fits the API servers and its kubelet',
  source: 'Kubernetes version skew policy: kube-proxy',
  facts: ['nodes', 'apiServers', 'kubeProxy', 'pods', 'machine', 'kubelet'],
  scope: 'run',
  check: (input) => {
    if (input.step) return [];
    const running = proxiesOf(input.before);
    return judge(skewKubeProxyPods, input, (state) => running.flatMap((proxy) => ofNode(state, proxy)));
  },
};

interface NodeProxy extends SkewVersion {
  readonly node: string;
}

/** Those of another version than the DaemonSet's. */
function proxiesOf({ cluster }: Facts): NodeProxy[] {
  return (cluster?.pods ?? []).flatMap((pod) => {
    const version = tagOf(pod.images[0] ?? '');
    const minor = minorNumber(version);
    const ours = pod.namespace === 'kube-system' && pod.labels['k8s-app'] === 'kube-proxy';
    if (!ours || pod.node === undefined || minor === undefined || version === cluster?.kubeProxy?.version) return [];
    return [{ node: pod.node, version, minor }];
  });
}

function ofNode(state: SkewState, { node, version, minor }: NodeProxy): Violation[] {
  const kubelets = state.kubelets.filter((kubelet) => kubelet.node === node);
  return kubeProxySkew({
    ...skewState({ nodes: {} }),
    apiServers: state.apiServers,
    kubelets,
    kubeProxy: { version, minor },
  }).map((violation) => ({
    ...violation,
    node,
    key: `${node} ${violation.key}`,
    summary: `on ${node}: ${violation.summary}`,
    remedy: `See why its rollout does not reach ${node}: kubectl -n kube-system rollout status daemonset kube-proxy.`,
  }));
}
