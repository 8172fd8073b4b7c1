import { work } from '../clock.ts';
import { hasQuorum } from '../etcd-members.ts';
import { removeMember } from '../etcd-membership.ts';
import { forgetCluster } from '../spare.ts';
import type { ToolContext } from '../shell/shell.ts';
import { etcdMachines } from '../world.ts';
import type { KubeadmCall } from './kubeadm-call.ts';
import { enter } from './kubeadm-phases.ts';

const resetWork = 1500;

/**
 * `kubeadm reset` (cmd/kubeadm/app/cmd/reset.go): takes the member of etcd out if it can, stops the kubelet, deletes
 * its state and identity, leaves CNI's files and the Node object.
 */
export async function resetMachine(context: ToolContext, call: KubeadmCall): Promise<number> {
  const { machine } = context;
  if (!call.options.has('force') && !call.options.has('f')) {
    context.err(
      '[reset] Are you sure you want to proceed? [y/N]: error execution phase preflight: aborted reset operation\n',
    );
    return 1;
  }
  if (context.uid !== 0) {
    context.err('error execution phase preflight: user is not running as root\n');
    return 1;
  }
  context.out('[preflight] Running pre-flight checks\n');
  await enter(context, 'remove-etcd-member');
  await removeOwnMember(context);
  context.out('[reset] Stopping the kubelet service\n');
  await enter(context, 'cleanup-node');
  await work(machine.clock, resetWork, context.signal);
  context.out('[reset] Unmounting mounted directories in "/var/lib/kubelet"\n');
  const { folders, files } = await forgetCluster(machine);
  context.out(
    `[reset] Deleting contents of directories: [${folders.join(' ')}]\n[reset] Deleting files: [${files.join(' ')}]\n\nThe reset process does not perform cleanup of CNI plugin configuration,\nnetwork filtering rules and kubeconfig files.\n`,
  );
  return 0;
}

/** phases/reset/removeetcdmember.go: whatever goes wrong is a warning alone. */
async function removeOwnMember(context: ToolContext): Promise<void> {
  const { machine, world } = context;
  if (!(await machine.fs.exists('/etc/kubernetes/manifests/etcd.yaml'))) {
    context.out('[reset] No kubeadm config, using etcd pod spec to get data directory\n');
    return;
  }
  const isAnswering = world.machines.some((one) => one.apiServerReady()) && hasQuorum(world);
  const isThere = (await machine.fs.exists('/etc/kubernetes/admin.conf')) && isAnswering;
  if (!isThere) {
    context.err('[reset] Unable to fetch the kubeadm-config ConfigMap from cluster: failed to get config map\n');
    return;
  }
  if (etcdMachines(world).length === 1) return;
  const problem = machine.etcd.membership === 'none' ? undefined : removeMember(world, machine);
  if (problem === undefined) return;
  context.err(
    `[reset] Failed to remove etcd member: ${problem}, please manually remove this etcd member using etcdctl\n`,
  );
}
