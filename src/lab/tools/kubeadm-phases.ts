import { strike } from '../shell/fault.ts';
import type { ToolContext } from '../shell/shell.ts';

/** Parts of `kubeadm join --control-plane` and of `kubeadm reset`, in order. */
export const membershipPhases = [
  'download-certs',
  'control-plane-prepare',
  'kubelet-start',
  'etcd-join',
  'etcd-start',
  'etcd-promote',
  'mark-control-plane',
  'remove-etcd-member',
  'cleanup-node',
] as const;

/**
 * Parts of `kubeadm upgrade apply` and `node`, in order; a fault can strike before each. `swap` is between the two
 * renames of the API server's manifest (phases/upgrade/staticpods.go). Of `kube-proxy`, CoreDNS has
 * moved already. Source of the order: `kubeadm upgrade apply --help` of 1.32, and postupgrade.go of releases before it.
 */
export const kubeadmPhases = [
  'preflight',
  'etcd',
  'control-plane',
  'swap',
  'kube-controller-manager',
  'kube-scheduler',
  'upload-config',
  'upload-kubelet-config',
  'kubelet-config',
  'bootstrap-token',
  'addons',
  'kube-proxy',
] as const;

export type KubeadmPhase = (typeof kubeadmPhases)[number];

/** A fault ended kubeadm between its phases. */
class Ended extends Error {
  override readonly name = 'Ended';
  readonly code: number;
  constructor(code: number) {
    super(`ended with ${code}`);
    this.code = code;
  }
}

/** kubeadm comes to a phase, where a fault may wait. @throws Killed */
export async function enter(
  context: ToolContext,
  phase: KubeadmPhase | (typeof membershipPhases)[number],
): Promise<void> {
  const { machine, args } = context;
  const fault = machine.audit.takeFault(['kubeadm', ...args].join(' '), phase);
  const code = await strike(machine, fault, context);
  if (code !== undefined) throw new Ended(code);
}

/** kubeadm's exit code, also where a fault ended it between two phases. */
export async function endedByFault(run: Promise<number>): Promise<number> {
  try {
    return await run;
  } catch (error) {
    if (error instanceof Ended) return error.code;
    throw error;
  }
}
