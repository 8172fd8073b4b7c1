import { setClock } from './date.ts';
import { leaveRoom } from './disks.ts';
import { keyring, keyringFile, putFile, repositoryUrl, sourcesFile } from './machine-files.ts';
import type { Machine } from './machine.ts';
import { holdPackageLock } from './package-locks.ts';
import { minorOf } from './releases.ts';

type Plant = (machine: Machine) => Promise<void> | void;

/** What can be wrong with a machine itself. An operator can find and fix each of them on the machine. */
export const machineProblems = {
  /** 150 MiB are left. */
  'full-disk': (machine) => leaveRoom(machine, 150 * 1024),
  swap: async (machine) => {
    const head = await machine.fs.readFile('/proc/swaps');
    await machine.fs.writeFile(
      '/proc/swaps',
      `${head}/dev/sda2                               partition\t2097148\t\t0\t\t-2\n`,
    );
  },
  /** A minute ahead. */
  'clock-skew': (machine) => setClock(machine, 60_000),
  'cgroup-v1': (machine) => machine.fs.rm('/sys/fs/cgroup/cgroup.controllers', { force: true }),
  'old-containerd': (machine) => {
    machine.containerRuntime = 'containerd://1.5.9';
  },
  'two-runtimes': (machine) => putFile(machine, '/run/crio/crio.sock', '', 0o660),
  /** Yesterday. */
  'expired-key': async (machine) => {
    const minor = minorOf(machine.installed('kubeadm') ?? '');
    const yesterday = Math.floor(machine.clock.now() / 1000) - 86_400;
    await machine.fs.writeFile(keyringFile, `${keyring(minor)}expires: ${yesterday}\n`);
  },
  'duplicate-repository': async (machine) => {
    const file = sourcesFile.replace(/\.list$/, '-old.list');
    await putFile(machine, file, `deb [signed-by=${keyringFile}] ${repositoryUrl('1.29.0')} /\n`);
  },
  'legacy-repository': (machine) =>
    putFile(
      machine,
      '/etc/apt/sources.list.d/kubernetes-xenial.list',
      'deb https://apt.kubernetes.io/ kubernetes-xenial main\n',
    ),
  /** A gate that 1.32 removed, and a flag that 1.31 removed: the running kubelet started before they were written. */
  'removed-flag': (machine) =>
    putFile(
      machine,
      '/etc/default/kubelet',
      `KUBELET_EXTRA_ARGS=--node-ip=${machine.ip} --keep-terminated-pod-volumes=true --feature-gates=CloudDualStackNodeIPs=true\n`,
    ),
  'old-drop-in': (machine) =>
    putFile(
      machine,
      '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf',
      '[Service]\nEnvironment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"\n',
    ),
  'broken-package': (machine) => {
    const kubelet = machine.packages.get('kubelet');
    if (kubelet) kubelet.state = 'U';
  },
  'package-lock': (machine) => holdPackageLock(machine),
} satisfies Readonly<Record<string, Plant>>;

export type MachineProblem = keyof typeof machineProblems;
