import type { Action } from './action.ts';
import { approve } from './approve.ts';
import { backupResources } from './backup-resources.ts';
import { copy } from './copy.ts';
import { cordon } from './cordon.ts';
import { drain } from './drain.ts';
import { etcdMoveLeader } from './etcd-move-leader.ts';
import { etcdPrepare } from './etcd-prepare.ts';
import { etcdRestore } from './etcd-restore.ts';
import { etcdSnapshot } from './etcd-snapshot.ts';
import { etcdStart } from './etcd-start.ts';
import { etcdStop } from './etcd-stop.ts';
import { installPackages } from './install-packages.ts';
import { joinControlPlane } from './join-control-plane.ts';
import { joinNode } from './join-node.ts';
import { kubeadmUpgradeApply } from './kubeadm-upgrade-apply.ts';
import { kubeadmUpgradeNode } from './kubeadm-upgrade-node.ts';
import { kubeadmUpgradePlan } from './kubeadm-upgrade-plan.ts';
import { packageRepo } from './package-repo.ts';
import { osUpgrade } from './os-upgrade.ts';
import { prefetch } from './prefetch.ts';
import { reboot } from './reboot.ts';
import { removeControlPlane } from './remove-control-plane.ts';
import { removeNode } from './remove-node.ts';
import { renewCertificates } from './renew-certificates.ts';
import { requireAction } from './require.ts';
import { resetNode } from './reset-node.ts';
import { restartKubelet } from './restart-kubelet.ts';
import { service } from './service.ts';
import { uncordon } from './uncordon.ts';
import { verifyCluster } from './verify-cluster.ts';
import { verifyRuntime } from './verify-runtime.ts';
import { wait } from './wait.ts';
import { waitNodeReady } from './wait-node-ready.ts';

const all: readonly Action[] = [
  prefetch,
  packageRepo,
  installPackages,
  kubeadmUpgradePlan,
  kubeadmUpgradeApply,
  kubeadmUpgradeNode,
  drain,
  cordon,
  uncordon,
  restartKubelet,
  waitNodeReady,
  verifyCluster,
  verifyRuntime,
  osUpgrade,
  reboot,
  service,
  renewCertificates,
  joinNode,
  resetNode,
  removeNode,
  joinControlPlane,
  removeControlPlane,
  approve,
  wait,
  requireAction,
  copy,
  etcdSnapshot,
  backupResources,
  etcdMoveLeader,
  etcdPrepare,
  etcdStop,
  etcdRestore,
  etcdStart,
];

/** Everything that a runbook can `uses:`, by name, in the order people read them. */
export const actions: ReadonlyMap<string, Action> = new Map(all.map((action) => [action.name, action]));

/** The named action reads or writes files on the operator's machine. */
export function hasLocalFiles(action: string): boolean {
  return actions.get(action)?.localPaths !== undefined;
}
