import { work } from '../clock.ts';
import { forgetCluster } from '../spare.ts';
import type { ToolContext } from '../shell/shell.ts';
import type { KubeadmCall } from './kubeadm-call.ts';

const resetWork = 1500;

/**
 * `kubeadm reset` of a worker (cmd/kubeadm/app/cmd/reset.go): stops the kubelet, deletes its state and identity, leaves
 * CNI's files.
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
  if (machine.isControlPlane) {
    context.err('the lab resets workers only\n');
    return 1;
  }
  context.out('[preflight] Running pre-flight checks\n[reset] Stopping the kubelet service\n');
  await work(machine.clock, resetWork, context.signal);
  context.out('[reset] Unmounting mounted directories in "/var/lib/kubelet"\n');
  const { folders, files } = await forgetCluster(machine);
  context.out(
    `[reset] Deleting contents of directories: [${folders.join(' ')}]\n[reset] Deleting files: [${files.join(' ')}]\n\nThe reset process does not perform cleanup of CNI plugin configuration,\nnetwork filtering rules and kubeconfig files.\n`,
  );
  return 0;
}
