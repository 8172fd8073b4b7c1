import { work } from '../clock.ts';
import type { ToolContext } from '../shell/shell.ts';
import type { KubeadmCall } from './kubeadm.ts';

const resetWork = 1500;

const folders = ['/etc/kubernetes/manifests', '/var/lib/kubelet', '/etc/kubernetes/pki'];
const files = [
  'admin.conf',
  'super-admin.conf',
  'kubelet.conf',
  'bootstrap-kubelet.conf',
  'controller-manager.conf',
  'scheduler.conf',
];

/** `kubeadm reset` of a worker (cmd/kubeadm/app/cmd/reset.go): the kubelet stops, its state and identity are deleted, CNI's files stay. */
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
  machine.kubelet.stoppedAt ??= machine.clock.now();
  await work(machine.clock, resetWork, context.signal);
  context.out('[reset] Unmounting mounted directories in "/var/lib/kubelet"\n');
  for (const folder of folders) {
    if (!(await machine.fs.exists(folder))) continue;
    for (const name of await machine.fs.readdir(folder))
      await machine.fs.rm(`${folder}/${name}`, { recursive: true, force: true });
  }
  for (const name of files) await machine.fs.rm(`/etc/kubernetes/${name}`, { force: true });
  context.out(
    `[reset] Deleting contents of directories: [${folders.join(' ')}]\n[reset] Deleting files: [${files.map((name) => `/etc/kubernetes/${name}`).join(' ')}]\n\nThe reset process does not perform cleanup of CNI plugin configuration,\nnetwork filtering rules and kubeconfig files.\n`,
  );
  return 0;
}
