import type { Machine } from './machine.ts';

export interface Taint {
  readonly key: string;
  readonly effect: string;
  readonly value?: string;
}

/** Another object where anything of it changes. */
export interface ApiNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  readonly taints: readonly Taint[];
  /** What is known of it beside its machine's own. */
  readonly reported?: ReportedNode;
}

/** What a Node object shows, where that is not what its machine is. */
export interface ReportedNode {
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  /** What pods may ask for: cpu in thousandths, all else in units. */
  readonly allocatable?: Readonly<Record<string, number>>;
  readonly machineId: string;
  readonly systemUuid: string;
  /** Why it is not Ready, until its kubelet starts again after `since`. */
  readonly trouble?: { readonly reason: string; readonly message: string; readonly since: number };
}

const controlPlaneRole = 'node-role.kubernetes.io/control-plane';

/** As a kubelet makes it. */
export function apiNode(machine: Machine): ApiNode {
  const labels: Record<string, string> = {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': machine.name,
    'kubernetes.io/os': 'linux',
  };
  return {
    name: machine.name,
    labels,
    annotations: {
      'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock',
      'node.alpha.kubernetes.io/ttl': '0',
      'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
    },
    unschedulable: false,
    taints: machine.isControlPlane ? [{ key: controlPlaneRole, effect: 'NoSchedule' }] : [],
  };
}

/** As kubeadm does in the end: its kubelet registers with the taint alone. */
export function asControlPlane(node: ApiNode): ApiNode {
  const excluded = 'node.kubernetes.io/exclude-from-external-load-balancers';
  return { ...node, labels: { ...node.labels, [controlPlaneRole]: '', [excluded]: '' } };
}
