import type { KnownGroup, KnownText } from './text.ts';
import { admission } from './texts/admission.ts';
import { apt } from './texts/apt.ts';
import { aptRepositories } from './texts/apt-repositories.ts';
import { containerd } from './texts/containerd.ts';
import { dnf } from './texts/dnf.ts';
import { dpkg } from './texts/dpkg.ts';
import { etcd } from './texts/etcd.ts';
import { etcdMembers } from './texts/etcd-members.ts';
import { kubeadm } from './texts/kubeadm.ts';
import { kubeadmJoin } from './texts/kubeadm-join.ts';
import { kubeadmPreflight } from './texts/kubeadm-preflight.ts';
import { kubectl } from './texts/kubectl.ts';
import { kubectlDrain } from './texts/kubectl-drain.ts';
import { kubelet } from './texts/kubelet.ts';
import { network } from './texts/network.ts';
import { pods } from './texts/pods.ts';
import { rpm } from './texts/rpm.ts';
import { ssh } from './texts/ssh.ts';
import { sudo } from './texts/sudo.ts';
import { system } from './texts/system.ts';
import { systemd } from './texts/systemd.ts';
import { tls } from './texts/tls.ts';
import { zypper } from './texts/zypper.ts';

/** In the order of docs/failures.md. */
export const knownGroups: readonly KnownGroup[] = [
  { tool: 'kubeadm', texts: [...kubeadmPreflight, ...kubeadm, ...kubeadmJoin] },
  { tool: 'kubectl and the API server', texts: [...kubectlDrain, ...kubectl, ...admission, ...pods] },
  { tool: 'Certificates', by: 'What checks a certificate', texts: tls },
  { tool: 'etcd', texts: [...etcd, ...etcdMembers] },
  { tool: 'kubelet', texts: kubelet },
  { tool: 'containerd, runc and crictl', texts: containerd },
  { tool: 'apt', texts: [...apt, ...aptRepositories] },
  { tool: 'dpkg', texts: dpkg },
  { tool: 'dnf and rpm', texts: [...dnf, ...rpm] },
  { tool: 'zypper', texts: zypper },
  { tool: 'systemd', texts: systemd },
  { tool: 'sudo and doas', texts: sudo },
  { tool: 'ssh', texts: ssh },
  { tool: 'The operating system and the network', by: 'Any program', texts: [...system, ...network] },
];

export const knownTexts: readonly KnownText[] = knownGroups.flatMap(({ texts }) => texts);
