/** What one Kubernetes minor ships. Versions without `v`. */
export interface Minor {
  readonly minor: string;
  readonly patches: readonly string[];
  readonly etcd: string;
  readonly coredns: string;
  readonly pause: string;
  readonly cni: string;
  readonly criTools: string;
  /** Patches that ship another etcd than the minor. */
  readonly etcdOf?: Readonly<Record<string, string>>;
}

/** Newest last. A few patches represent all; image versions as `kubeadm config images list` prints them. */
export const minors: readonly Minor[] = [
  {
    minor: '1.28',
    patches: ['1.28.0', '1.28.11', '1.28.15'],
    etcd: '3.5.15-0',
    coredns: '1.10.1',
    pause: '3.9',
    cni: '1.2.0-2.1',
    criTools: '1.28.0-1.1',
  },
  {
    minor: '1.29',
    patches: ['1.29.0', '1.29.9', '1.29.15'],
    etcd: '3.5.16-0',
    coredns: '1.11.1',
    pause: '3.9',
    cni: '1.3.0-1.1',
    criTools: '1.29.0-1.1',
  },
  {
    minor: '1.30',
    patches: ['1.30.0', '1.30.4', '1.30.14'],
    etcd: '3.5.16-0',
    coredns: '1.11.3',
    pause: '3.9',
    cni: '1.4.0-1.1',
    criTools: '1.30.1-1.1',
  },
  {
    minor: '1.31',
    patches: ['1.31.0', '1.31.4', '1.31.9', '1.31.13'],
    etcd: '3.5.24-0',
    coredns: '1.11.3',
    pause: '3.10',
    cni: '1.5.1-1.1',
    criTools: '1.31.1-1.1',
  },
  {
    minor: '1.32',
    patches: ['1.32.0', '1.32.4', '1.32.9', '1.32.10'],
    etcd: '3.5.24-0',
    coredns: '1.11.3',
    pause: '3.10',
    cni: '1.6.0-1.1',
    criTools: '1.32.0-1.1',
  },
  {
    minor: '1.33',
    patches: ['1.33.0', '1.33.4', '1.33.12'],
    etcd: '3.5.24-0',
    coredns: '1.12.0',
    pause: '3.10',
    cni: '1.6.0-1.1',
    criTools: '1.33.0-1.1',
    etcdOf: { '1.33.12': '3.5.26-0' },
  },
  {
    minor: '1.34',
    patches: ['1.34.0', '1.34.1', '1.34.3'],
    etcd: '3.6.5-0',
    coredns: '1.12.1',
    pause: '3.10.1',
    cni: '1.7.1-1.1',
    criTools: '1.34.0-1.1',
    etcdOf: { '1.34.0': '3.6.4-0' },
  },
  {
    minor: '1.35',
    patches: ['1.35.0', '1.35.1'],
    etcd: '3.6.6-0',
    coredns: '1.13.1',
    pause: '3.10.1',
    cni: '1.8.0-1.1',
    criTools: '1.35.0-1.1',
  },
  // From here on the packages of kubernetes-cni and cri-tools, and the pause of 1.37, are assumed.
  {
    minor: '1.36',
    patches: ['1.36.0', '1.36.4'],
    etcd: '3.6.8-0',
    coredns: '1.14.2',
    pause: '3.10.2',
    cni: '1.8.0-1.1',
    criTools: '1.36.0-1.1',
  },
  {
    minor: '1.37',
    patches: ['1.37.0', '1.37.1'],
    etcd: '3.7.0-0',
    coredns: '1.14.6',
    pause: '3.10.2',
    cni: '1.8.0-1.1',
    criTools: '1.37.0-1.1',
  },
];

/** Not for a lab of one's own: clusters are read that have them. Their repositories are those of mirrors. */
const olderMinors: readonly Minor[] = [
  older('1.18', '3.4.3-0', '1.6.7', '3.2', '0.7.5-00', '1.13.0-01'),
  older('1.19', '3.4.13-0', '1.7.0', '3.2', '0.8.7-00', '1.13.0-01'),
  older('1.20', '3.4.13-0', '1.7.0', '3.2', '0.8.7-00', '1.13.0-01'),
  older('1.21', '3.4.13-0', '1.8.0', '3.4.1', '0.8.7-00', '1.13.0-01'),
  older('1.22', '3.5.0-0', '1.8.4', '3.5', '0.8.7-00', '1.19.0-00'),
  older('1.23', '3.5.6-0', '1.8.6', '3.6', '0.8.7-00', '1.23.0-00'),
  older('1.24', '3.5.6-0', '1.8.6', '3.7', '1.2.0-2.1', '1.24.2-1.1'),
  older('1.25', '3.5.9-0', '1.9.3', '3.8', '1.2.0-2.1', '1.25.0-1.1'),
  older('1.26', '3.5.10-0', '1.9.3', '3.9', '1.2.0-2.1', '1.26.0-1.1'),
  older('1.27', '3.5.12-0', '1.10.1', '3.9', '1.2.0-2.1', '1.27.1-1.1'),
];

function older(minor: string, etcd: string, coredns: string, pause: string, cni: string, criTools: string): Minor {
  return { minor, patches: [], etcd, coredns, pause, cni, criTools };
}

/** From this minor on the kubelet package ships another /etc/default/kubelet, so dpkg asks about the changed one. */
export const conffileChangedIn = '1.32';

export const revisionSuffix = '-1.1';

export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** The number after `1.`. */
export function minorNumber(version: string): number {
  let minor = minorNumbers.get(version);
  if (minor === undefined) minorNumbers.set(version, (minor = Number(version.split('.')[1] ?? 0)));
  return minor;
}

/** Few versions are asked for, of each node of a list. */
const minorNumbers = new Map<string, number>();

export function findMinor(minor: string): Minor | undefined {
  return minors.find((entry) => entry.minor === minor) ?? olderMinors.find((entry) => entry.minor === minor);
}

export function isRelease(version: string): boolean {
  return findMinor(minorOf(version))?.patches.includes(version) ?? false;
}

export function compareVersions(a: string, b: string): number {
  const left = a.split(/[.-]/).map(Number);
  const right = b.split(/[.-]/).map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    // A part such as `el9` is no number: it is the same in all revisions that are compared.
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}

export const registry = 'registry.k8s.io';
export const controlPlaneComponents = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

/** Images of a release by component, as kubeadm knows them. @throws RangeError for an unknown release's minor */
export function imagesOf(version: string): Readonly<Record<string, string>> {
  const minor = findMinor(minorOf(version));
  if (!minor) throw new RangeError(`the lab knows no release ${version}`);
  return {
    'kube-apiserver': `${registry}/kube-apiserver:v${version}`,
    'kube-controller-manager': `${registry}/kube-controller-manager:v${version}`,
    'kube-scheduler': `${registry}/kube-scheduler:v${version}`,
    'kube-proxy': `${registry}/kube-proxy:v${version}`,
    coredns: `${registry}/coredns/coredns:v${minor.coredns}`,
    pause: `${registry}/pause:${minor.pause}`,
    etcd: `${registry}/etcd:${minor.etcdOf?.[version] ?? minor.etcd}`,
  };
}

export function tagOf(image: string): string {
  return image.slice(image.lastIndexOf(':') + 1).replace(/^v/, '');
}

/** Packages of a minor's repository with their revisions, newest first. */
export function repositoryOf(minor: string): Readonly<Record<string, readonly string[]>> | undefined {
  const entry = findMinor(minor);
  if (!entry || entry.patches.length === 0) return undefined;
  const revisions = entry.patches.toReversed().map((patch) => patch + revisionSuffix);
  return {
    'cri-tools': [entry.criTools],
    kubeadm: revisions,
    kubectl: revisions,
    kubelet: revisions,
    'kubernetes-cni': [entry.cni],
  };
}
