import { adminConf } from './admin-conf.ts';
import { apiServersAnswer } from './api-servers-answer.ts';
import { certificateAuthority } from './certificate-authority.ts';
import { certificates } from './certificates.ts';
import { cgroupV1 } from './cgroup-v1.ts';
import { clockSkew } from './clock-skew.ts';
import { containerRuntime } from './container-runtime.ts';
import { configFilesGuard } from './config-files.ts';
import { coreDns } from './coredns.ts';
import { criSocket } from './cri-socket.ts';
import { deprecatedApis } from './deprecated-apis.ts';
import { diskRoom } from './disk-room.ts';
import { packageOffers } from './package-offers.ts';
import { packageState } from './package-state.ts';
import { drainBlocked } from './drain-blocked.ts';
import { drainDestroys } from './drain-destroys.ts';
import { drainForecast } from './drain-forecast.ts';
import { drainRoom } from './drain-room.ts';
import { drainTerminating } from './drain-terminating.ts';
import { drainTogether } from './drain-together.ts';
import { emulation } from './emulation.ts';
import { etcdFloor } from './etcd-floor.ts';
import { etcdHealth } from './etcd-health.ts';
import { etcdMembersStopped } from './etcd-members-stopped.ts';
import { etcdOldData } from './etcd-old-data.ts';
import { etcdSnapshotCluster } from './etcd-snapshot-cluster.ts';
import { etcdSnapshotWhole } from './etcd-snapshot-whole.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { kubeadmVersion } from './kubeadm-version.ts';
import { knownBadGuard } from './known-bad.ts';
import { kubeletConfigGuard } from './kubelet-config.ts';
import { kubeProxyMode } from './kube-proxy-mode.ts';
import { kubeletServer } from './kubelet-server.ts';
import { joinable } from './joinable.ts';
import { membership } from './membership.ts';
import { networkPlugin } from './network-plugin.ts';
import { noDowngrade } from './no-downgrade.ts';
import { noSkippedMinor } from './no-skipped-minor.ts';
import { nodesReady } from './nodes-ready.ts';
import { oldDropIn } from './old-drop-in.ts';
import { othersReady } from './others-ready.ts';
import { removal } from './removal.ts';
import { removedFlagsGuard } from './removed-flags.ts';
import { repositories } from './repositories.ts';
import { repositoryKey } from './repository-key.ts';
import { repositoryOffers } from './repository-offers.ts';
import { sameMachine } from './same-machine.ts';
import { schedulable } from './schedulable.ts';
import { skewKubeletBehind } from './skew-kubelet-behind.ts';
import { skewKubeProxyPods } from './skew-kube-proxy-pods.ts';
import { skewControllers } from './skew-controllers.ts';
import { skewKubectl } from './skew-kubectl.ts';
import { skewMixedApiServers } from './skew-mixed-api-servers.ts';
import { skewKubeletDrained } from './skew-kubelet-drained.ts';
import { skewApiServers } from './skew-api-servers.ts';
import { skewKubelet } from './skew-kubelet.ts';
import { skewKubeProxy } from './skew-kube-proxy.ts';
import { staticPodFiles } from './static-pod-files.ts';
import { staticPodsEdited } from './static-pods-edited.ts';
import { swap } from './swap.ts';
import { targetKubeadm } from './target-kubeadm.ts';
import { units } from './units.ts';
import { vendorVersion } from './vendor-version.ts';
import { volumesDetached } from './volumes-detached.ts';
import { webhooks } from './webhooks.ts';

const all: readonly Guard[] = [
  membership,
  sameMachine,
  nodesReady,
  apiServersAnswer,
  etcdHealth,
  etcdFloor,
  etcdSnapshotWhole,
  etcdSnapshotCluster,
  etcdMembersStopped,
  etcdOldData,
  certificates,
  certificateAuthority,
  adminConf,
  skewApiServers,
  skewKubelet,
  skewKubeProxy,
  skewKubeProxyPods,
  skewControllers,
  skewKubectl,
  skewMixedApiServers,
  noSkippedMinor,
  skewKubeletDrained,
  skewKubeletBehind,
  emulation,
  deprecatedApis,
  staticPodFiles,
  staticPodsEdited,
  coreDns,
  schedulable,
  kubeProxyMode,
  webhooks,
  kubeadmVersion,
  targetKubeadm,
  vendorVersion,
  knownBadGuard,
  noDowngrade,
  repositoryOffers,
  packageOffers,
  units,
  repositories,
  repositoryKey,
  packageState,
  diskRoom,
  kubeletConfigGuard,
  removedFlagsGuard,
  configFilesGuard,
  oldDropIn,
  cgroupV1,
  containerRuntime,
  criSocket,
  swap,
  clockSkew,
  kubeletServer,
  othersReady,
  joinable,
  removal,
  volumesDetached,
  networkPlugin,
  drainDestroys,
  drainBlocked,
  drainTogether,
  drainTerminating,
  drainRoom,
  drainForecast,
];

/** Every guard by its id. A new one is a file and a line here. */
export const guards: ReadonlyMap<string, Guard> = new Map(all.map((guard) => [guard.id, guard]));

/** Judges the cluster as it is, by the named guards (default: all). */
export function checkRun(
  input: Omit<GuardInput, 'step'>,
  guardIds: readonly string[] = [...guards.keys()],
): readonly Finding[] {
  const { nodes, before } = input;
  return ask({ nodes, before, after: before }, guardIds);
}

/** The named guards that run again before each step that changes something; the others run only while planning. */
export function askedBeforeSteps(guardIds: readonly string[]): readonly string[] {
  return guardIds.filter((id) => guards.get(id)?.scope !== 'run');
}

/** The named guards that judge better once the target's own kubeadm was asked. */
export function askingKubeadm(guardIds: readonly string[]): readonly string[] {
  return guardIds.filter((id) => guards.get(id)?.asksKubeadm === true);
}

/** Judges one step by the named guards. Findings carry the step's id. @throws Error (a bug) for an unknown guard */
export function checkStep(input: GuardInput, guardIds: readonly string[]): readonly Finding[] {
  return ask(input, guardIds).map((finding) => (input.step ? { ...finding, step: input.step.id } : finding));
}

function ask(input: GuardInput, guardIds: readonly string[]): Finding[] {
  return guardIds.flatMap((id) => {
    const guard = guards.get(id);
    if (!guard) throw new Error(`there is no guard ${id}`);
    return guard.check(input);
  });
}
