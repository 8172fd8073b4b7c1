import { osUpdatesFile } from './tools/os-updates.ts';
import { clientCertificateData, certificateText, freshEnd, kubeletCertificate, pkiFiles } from './certificates.ts';
import { kubeadmFlags, kubeletConfig } from './kubelet-files.ts';
import { manifestOf } from './manifests.ts';
import type { Machine } from './machine.ts';
import { minorOf } from './releases.ts';

export const sourcesFile = '/etc/apt/sources.list.d/kubernetes.list';
export const keyringFile = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';
export const systemUuidFile = '/sys/class/dmi/id/product_uuid';
export const defaultBaseUrl = 'https://pkgs.k8s.io';

/** The community repository of a version's minor, with a trailing slash. */
export function repositoryUrl(version: string): string {
  return `${defaultBaseUrl}/core:/stable:/v${minorOf(version)}/deb/`;
}

interface FileSpec {
  readonly path: string;
  readonly content: string;
  readonly mode?: number;
}

/** Every machine of the lab is a little behind its distribution. */
const osUpdatesAtFirst = `openssl 3.0.14-1~deb12u2 3.0.15-1~deb12u1
linux-image-6.1.0-27-amd64 6.1.112-1 6.1.115-1
`;

/** The cluster is two days old: what is renewed today ends later. */
function madeAt(machine: Machine): number {
  return machine.clock.now() - 2 * 86_400_000;
}

/** Writes a file with its folders. */
export async function putFile(
  machine: Machine,
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf('/'));
  if (folder) await machine.fs.mkdir(folder, { recursive: true });
  await machine.fs.writeFile(path, content);
  await machine.fs.chmod(path, mode);
}

/** What kubeadm and the packages leave on every node. */
export async function writeNodeFiles(machine: Machine): Promise<void> {
  for (const file of nodeFiles(machine)) await putFile(machine, file.path, file.content, file.mode);
}

/** What `kubeadm join --control-plane` downloads and makes before its kubelet starts. */
export async function writeControlPlaneIdentity(machine: Machine): Promise<void> {
  const files = [...pkiFiles(machine, madeAt(machine)), ...kubeconfigs(machine)];
  for (const file of files) await putFile(machine, file.path, file.content, file.mode);
}

export async function writeInitialFiles(machine: Machine, version: string): Promise<void> {
  const files = systemFiles(machine);
  if (machine.role !== 'other') files.push(...packageFiles(version), ...nodeFiles(machine));
  if (machine.isControlPlane) files.push(...controlPlaneFiles(machine));
  for (const file of files) await putFile(machine, file.path, file.content, file.mode);
  await putFile(machine, osUpdatesFile, osUpdatesAtFirst);
  const ofNodes = ['/etc/kubernetes/manifests', ...(machine.etcdEndpoints ? [] : ['/var/lib/etcd'])];
  for (const folder of [
    '/root',
    '/home/ops',
    '/tmp',
    '/var/tmp',
    '/var/log',
    ...(machine.role === 'other' ? [] : ofNodes),
    '/opt',
    '/usr/local/bin',
  ])
    await machine.fs.mkdir(folder, { recursive: true });
  for (const folder of ['/root', ...(machine.role === 'other' ? [] : ofNodes)]) await machine.fs.chmod(folder, 0o700);
  for (const folder of ['/tmp', '/var/tmp']) await machine.fs.chmod(folder, 0o1777);
}

/** Files that every boot makes again. */
export async function writeBootFiles(machine: Machine): Promise<void> {
  await putFile(machine, '/proc/sys/kernel/random/boot_id', `${machine.bootId}\n`, 0o444);
  await putFile(
    machine,
    '/proc/1/stat',
    `1 (systemd) S 0 1 1 0 -1 4194560 9 9 9 9 9 9 9 9 20 0 1 0 ${machine.initStart} 0 0\n`,
    0o444,
  );
  await putFile(machine, '/proc/stat', `btime ${Math.floor(machine.bootedAt / 1000)}\n`, 0o444);
  await machine.fs.mkdir('/run/systemd/system', { recursive: true });
  await machine.fs.mkdir('/run/lock', { recursive: true });
  for (const socket of machine.sockets) await putFile(machine, socket, '', 0o660);
}

function systemFiles(machine: Machine): FileSpec[] {
  return [
    {
      path: '/etc/os-release',
      content: [
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
        'NAME="Debian GNU/Linux"',
        'VERSION_ID="12"',
        'VERSION="12 (bookworm)"',
        'VERSION_CODENAME=bookworm',
        'ID=debian',
        'HOME_URL="https://www.debian.org/"',
        'SUPPORT_URL="https://www.debian.org/support"',
        'BUG_REPORT_URL="https://bugs.debian.org/"',
        '',
      ].join('\n'),
    },
    { path: '/etc/debian_version', content: '12.8\n' },
    { path: '/etc/machine-id', content: `${machine.machineId}\n`, mode: 0o444 },
    { path: '/etc/hostname', content: `${machine.hostname}\n` },
    { path: '/etc/hosts', content: `127.0.0.1 localhost\n${machine.ip} ${machine.hostname}\n` },
    {
      path: '/etc/passwd',
      content:
        'root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000:lab operator:/home/ops:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
    },
    { path: '/etc/group', content: 'root:x:0:\nsudo:x:27:ops\nops:x:1000:\n' },
    { path: '/etc/shadow', content: 'root:*:20000:0:99999:7:::\n', mode: 0o640 },
    { path: systemUuidFile, content: `${machine.systemUuid}\n`, mode: 0o400 },
    { path: '/proc/swaps', content: 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n', mode: 0o444 },
    { path: '/proc/uptime', content: '', mode: 0o444 },
    { path: '/proc/cmdline', content: 'BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet\n', mode: 0o444 },
    {
      path: '/sys/fs/cgroup/cgroup.controllers',
      content: 'cpuset cpu io memory hugetlb pids rdma misc\n',
      mode: 0o444,
    },
    { path: '/var/lib/dpkg/status', content: '' },
    { path: '/var/lib/dpkg/lock-frontend', content: '', mode: 0o640 },
  ];
}

function packageFiles(version: string): FileSpec[] {
  return [
    {
      path: sourcesFile,
      content: `deb [signed-by=${keyringFile}] ${repositoryUrl(version)} /\n`,
    },
    {
      path: '/etc/apt/sources.list',
      content:
        'deb http://deb.debian.org/debian bookworm main\ndeb http://deb.debian.org/debian-security bookworm-security main\n',
    },
    { path: keyringFile, content: keyring(minorOf(version)) },
  ];
}

/** What a dearmored signing key is in the lab: text that names its minor. */
export function keyring(minor: string): string {
  return `runbook lab keyring isv:kubernetes:core:stable:v${minor}\n`;
}

function nodeFiles(machine: Machine): FileSpec[] {
  return [
    {
      path: '/etc/kubernetes/kubelet.conf',
      content: kubeconfig(machine, `system:node:${machine.name}`),
      mode: 0o600,
    },
    ...pkiFiles(machine, madeAt(machine)),
    { path: '/etc/default/kubelet', content: `KUBELET_EXTRA_ARGS=--node-ip=${machine.ip}\n` },
    { path: '/var/lib/kubelet/config.yaml', content: kubeletConfig },
    {
      path: '/var/lib/kubelet/kubeadm-flags.env',
      content: kubeadmFlags(machine.kubelet.version),
    },
    {
      path: kubeletCertificate,
      content: certificateText(
        freshEnd(machine.clock.now(), kubeletCertificate),
        `O = system:nodes, CN = system:node:${machine.name}`,
      ),
      mode: 0o600,
    },
    {
      path: '/usr/lib/systemd/system/kubelet.service',
      content:
        '[Unit]\nDescription=kubelet: The Kubernetes Node Agent\n\n[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\nRestartSec=10\n',
    },
    {
      path: '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf',
      content:
        '[Service]\nEnvironment="KUBELET_KUBECONFIG_ARGS=--kubeconfig=/etc/kubernetes/kubelet.conf"\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nEnvironmentFile=-/etc/default/kubelet\n',
    },
  ];
}

function controlPlaneFiles(machine: Machine): FileSpec[] {
  const manifests = [...machine.staticPods].map(([component, pod]) => ({
    path: `/etc/kubernetes/manifests/${component}.yaml`,
    content: manifestOf(component, pod.image, machine),
    mode: 0o600,
  }));
  const data = { path: '/var/lib/etcd/member/snap/db', content: 'lab etcd data\n', mode: 0o600 };
  return [...manifests, ...kubeconfigs(machine), ...(machine.etcdEndpoints ? [] : [data])];
}

/** Those of a control plane's own components and its administrator. */
function kubeconfigs(machine: Machine): FileSpec[] {
  const users = {
    admin: 'kubernetes-admin',
    'controller-manager': 'system:kube-controller-manager',
    scheduler: 'system:kube-scheduler',
  };
  return Object.entries(users).map(([name, user]) => ({
    path: `/etc/kubernetes/${name}.conf`,
    content: kubeconfig(machine, user),
    mode: 0o600,
  }));
}

function kubeconfig(machine: Machine, user: string): string {
  const data = clientCertificateData(freshEnd(madeAt(machine), ''), user);
  const isNode = user.startsWith('system:node:');
  return kubeconfigText(`https://${machine.apiEndpoint}`, user, isNode ? { file: kubeletCertificate } : { data });
}

/** A kubeconfig for a user with a certificate in a file, or of its own (base64). */
export function kubeconfigText(
  server: string,
  user: string,
  certificate: { readonly file: string } | { readonly data: string },
): string {
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: TGFi
    server: ${server}
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: ${user}
  name: ${user}@kubernetes
current-context: ${user}@kubernetes
kind: Config
preferences: {}
users:
- name: ${user}
  user:
    client-certificate${'file' in certificate ? `: ${certificate.file}` : `-data: ${certificate.data}`}
`;
}
