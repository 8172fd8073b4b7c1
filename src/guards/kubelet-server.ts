import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput, GuardNode } from './guard.ts';
import { skewState } from './lib/skew-state.ts';

/** `skew-mixed-api-servers` has the rule about minors. */
export const kubeletServer: Guard = {
  id: 'kubelet-server',
  title: 'Each kubelet asks the cluster, not one control plane of several',
  source: 'kubernetes/kubernetes #127316; "Creating Highly Available Clusters with kubeadm": --control-plane-endpoint',
  facts: ['nodes', 'apiServers', 'machine', 'kubelet', 'kubeadmConfig'],
  scope: 'run',
  check: (input) => (input.step ? [] : input.nodes.flatMap((node) => judge(input, node))),
};

function judge(input: GuardInput, node: GuardNode): Finding[] {
  const { apiServers } = skewState(input.before);
  const server = input.before.nodes[node.name]?.kubelet?.server;
  const object = nodeObjectFor(input.before, node.name);
  if (apiServers.length < 2 || server === undefined || !object) return [];
  const address = server.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const asked = apiServers.find(({ endpoints }) => endpoints.includes(address));
  if (!asked || asked.node === object.name) return [];
  if (input.before.cluster?.kubeadmConfig?.controlPlaneEndpoint === address) return [];
  return [
    {
      guard: kubeletServer.id,
      severity: 'note',
      node: node.name,
      summary: `the kubelet of ${node.name} asks the API server of ${asked.node} alone (${server}): it is cut off while that one restarts`,
      remedy:
        'Let server: of its /etc/kubernetes/kubelet.conf name the load balancer, or on a control plane its own API server.',
      source: kubeletServer.source,
    },
  ];
}
