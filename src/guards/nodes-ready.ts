import { inventoryNameOf } from '../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';

export const nodesReady: Guard = {
  id: 'nodes-ready',
  title: 'Every node is Ready',
  source: 'kubeadm upgrade preflight (ControlPlaneNodesReady); "Upgrading kubeadm clusters": all nodes healthy first',
  facts: ['nodes', 'machine', 'kubelet'],
  scope: 'step',
  check: (input) =>
    (input.before.cluster?.nodes ?? []).filter((object) => !object.ready).map((object) => notReady(input, object)),
};

function notReady(
  input: GuardInput,
  object: { readonly name: string; readonly readyReason: string; readonly controlPlane: boolean },
): Finding {
  // With --limit most machines are not read: match them by name.
  const name =
    inventoryNameOf(input.before, object.name) ?? input.nodes.find((node) => node.name === object.name)?.name;
  return {
    guard: nodesReady.id,
    severity: name !== undefined || object.controlPlane ? 'refuse' : 'warn',
    ...(name === undefined ? {} : { node: name }),
    summary: `${object.name} is not Ready: ${object.readyReason}`,
    remedy: `Look at its kubelet (systemctl status kubelet, journalctl -u kubelet) and bring it back before anything is upgraded.`,
    source: nodesReady.source,
  };
}
