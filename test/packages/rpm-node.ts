import { startNode, type RealNode } from './node.ts';
import type { RpmRepositories } from './rpm-repository.ts';

/** What differs between the two kinds of nodes. */
interface RpmKind {
  /** Where the sections of repositories are. */
  readonly folder: string;
  /** The documented line that keeps a general update from moving Kubernetes. */
  readonly exclude: string;
  readonly lock: string;
  readonly makeCache: string;
  /** Prints its locks. */
  readonly locks: string;
  /** As it prints them for what is installed of each minor. */
  readonly locked: Readonly<Record<'1.31' | '1.32', string>>;
  /** Packages that a prefetch fetches. */
  readonly prefetched: number;
  /** Ends an installation as the power does. */
  readonly cutOff: string;
}

const NAMES = 'kubelet kubeadm kubectl cri-tools kubernetes-cni';

export const KINDS: Readonly<Record<'dnf' | 'zypper', RpmKind>> = {
  dnf: {
    folder: '/etc/yum.repos.d',
    exclude: `exclude=${NAMES}\n`,
    lock: 'dnf -q versionlock add',
    makeCache: 'dnf -y -q makecache',
    locks: 'dnf -q -C versionlock list | sort',
    locked: {
      '1.31': ['kubeadm', 'kubectl', 'kubelet'].map((name) => `${name}-0:1.31.9-150500.1.1.*\n`).join(''),
      '1.32': 'kubeadm-0:1.32.9-150500.2.1.*\nkubectl-0:1.32.9-150500.1.1.*\nkubelet-0:1.32.9-150500.1.1.*\n',
    },
    prefetched: 4,
    cutOff: 'kill -9 "$(cat /var/lib/dnf/rpmdb_lock.pid)"',
  },
  zypper: {
    folder: '/etc/zypp/repos.d',
    exclude: '',
    lock: 'zypper -q --non-interactive addlock',
    makeCache: 'zypper -q --non-interactive refresh',
    locks: "sed -n 's/^solvable_name: //p' /etc/zypp/locks | sort",
    locked: { '1.31': 'kubeadm\nkubectl\nkubelet\n', '1.32': 'kubeadm\nkubectl\nkubelet\n' },
    prefetched: 5,
    cutOff: `kill -9 "$(cat /run/zypp.pid)"
for each in /proc/[0-9]*; do case $(tr '\\0' ' ' 2>/dev/null <$each/cmdline) in 'rpm --root '*) kill -9 "$(basename $each)" ;; esac; done`,
  },
};

/** https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/, and its index checked. */
export function section(kind: 'dnf' | 'zypper', url: string, minor: string): string {
  const repository = `${url}/core:/stable:/v${minor}/rpm/`;
  return `[kubernetes]
name=Kubernetes
baseurl=${repository}
enabled=1
gpgcheck=1
repo_gpgcheck=1
gpgkey=${repository}repodata/repomd.xml.key
${KINDS[kind].exclude}`;
}

interface Rpms {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A node as it was left by an upgrade to 1.31.9: packages locked, its configuration edited; updates are pending. */
export async function nodeAt131(
  kind: 'dnf' | 'zypper',
  repositories: RpmRepositories,
  { key = repositories.keys.current }: { readonly key?: Buffer } = {},
): Promise<RealNode> {
  const node = await startNode(kind);
  const { folder, lock, makeCache } = KINDS[kind];
  const { url } = repositories;
  const files: Rpms[] = [
    ...[...repositories.rpms('os'), ...repositories.rpms('1.31')].map(({ name, bytes }) => ({
      name: `/root/${name}`,
      bytes,
    })),
    { name: '/root/key', bytes: key },
    { name: `${folder}/kubernetes.repo`, bytes: Buffer.from(section(kind, url, '1.31')) },
    {
      name: `${folder}/os.repo`,
      bytes: Buffer.from(
        `[os]\nname=OS\nbaseurl=${url}/os/\nenabled=1\ngpgcheck=1\ngpgkey=${url}/os/repodata/repomd.xml.key\n`,
      ),
    },
  ];
  await node.sh(
    files.map(({ name, bytes }) => `base64 -d >${name} <<'END'\n${bytes.toString('base64')}\nEND\n`).join(''),
  );
  await node.sh(`exec 2>&1
set -e
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
rpm --import /root/key
rpm -i /root/*.rpm
rm /root/*.rpm /root/key
echo 'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.21' >/etc/sysconfig/kubelet
${makeCache} || :
${lock} kubeadm kubelet kubectl`);
  return node;
}

/** What is installed, as `NAME REVISION` lines. */
export const INSTALLED = `rpm -q --qf '%{NAME} %{VERSION}-%{RELEASE}\\n' ${NAMES} | sort`;
export const AT_131 =
  'cri-tools 1.31.1-150500.1.1\nkubeadm 1.31.9-150500.1.1\nkubectl 1.31.9-150500.1.1\nkubelet 1.31.9-150500.1.1\nkubernetes-cni 1.5.1-150500.1.1\n';
export const AT_132 =
  'cri-tools 1.31.1-150500.1.1\nkubeadm 1.32.9-150500.2.1\nkubectl 1.32.9-150500.1.1\nkubelet 1.32.9-150500.1.1\nkubernetes-cni 1.6.0-150500.1.1\n';
