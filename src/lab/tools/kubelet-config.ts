import { hexOf } from '../identity.ts';
import { cleanedFlags } from '../kubelet-files.ts';
import { putFile } from '../machine-files.ts';
import { minorNumber } from '../releases.ts';
import type { ToolContext } from '../shell/shell.ts';
import { enter } from './kubeadm-phases.ts';
import { say } from './static-pods.ts';

/** kubeadm's phase kubelet-config: the cluster's ConfigMap over the node's own file. */
export async function writeKubeletConfig(context: ToolContext, version: string): Promise<void> {
  await enter(context, 'kubelet-config');
  const path = '/var/lib/kubelet/config.yaml';
  await putFile(context.machine, path, context.world.cluster.extras.kubeletConfig);
  await cleanFlags(context);
  say(context, [
    `[upgrade] Backing up kubelet config file to /etc/kubernetes/tmp/kubeadm-kubelet-config${hexOf(version, 9)}/config.yaml`,
    `[kubelet-start] Writing kubelet configuration to file "${path}"`,
  ]);
  if (minorNumber(version) < 34) return;
  await putFile(
    context.machine,
    '/var/lib/kubelet/instance-config.yaml',
    'containerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n',
  );
}

/** By the minor of the kubeadm that runs: each cleans up what its own minor took away. */
async function cleanFlags({ machine }: ToolContext): Promise<void> {
  const path = '/var/lib/kubelet/kubeadm-flags.env';
  const gone = cleanedFlags[minorNumber(machine.program('kubeadm') ?? '')];
  if (!gone || !(await machine.fs.exists(path))) return;
  await putFile(machine, path, (await machine.fs.readFile(path)).replaceAll(gone, ''));
}
