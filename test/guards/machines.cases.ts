import type { DiskFact, DiskPlace } from '../../src/facts/disk.ts';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { PackageSource } from '../../src/packages/manager.ts';
import type { GuardCase } from './cases.ts';
import { sketch, stepOn } from './cluster.ts';

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;

/** A cluster of one control plane and two workers, with more facts of some machines. */
export function cluster(more: Readonly<Record<string, Partial<NodeFacts>>>, version = '1.31.9'): Facts {
  const facts = sketch({ apiServers: { cp1: version }, kubelets: { cp1: version, w1: version, w2: version } });
  const nodes = Object.entries(facts.nodes).map(([name, known]) => [name, { ...known, ...more[name] }] as const);
  return { ...facts, nodes: Object.fromEntries(nodes) };
}

const place = (path: string, free: number, more: Partial<DiskPlace> = {}): DiskPlace => ({
  path,
  mount: '/',
  size: 40 * GiB,
  free,
  inodes: 2_600_000,
  freeInodes: 2_400_000,
  ...more,
});
const paths = ['/', '/var', '/var/cache/apt/archives', '/var/lib/etcd', '/var/lib/kubelet', '/var/lib/containerd'];
const oneDisk = (free: number, etcdBytes = 100 * MiB, more: Partial<DiskPlace> = {}): DiskFact => ({
  places: [...paths, '/etc/kubernetes/tmp'].map((path) => place(path, free, more)),
  etcdBytes,
});
const disk = (fact: DiskFact) => cluster({ cp1: { disk: fact } });

export const diskCases: readonly GuardCase[] = [
  { title: 'much room is left', facts: disk(oneDisk(30 * GiB)), finds: [] },
  { title: 'nothing is known of the disks', facts: cluster({}), finds: [] },
  { title: 'df is not there', facts: disk({ places: [] }), finds: [] },
  {
    title: 'the disk is full',
    facts: disk(oneDisk(0)),
    finds: [['refuse', '0 bytes of 40 GiB are free on /']],
    node: 'cp1',
  },
  {
    title: 'images do not fit',
    facts: disk(oneDisk(900 * MiB)),
    finds: [['refuse', '900 MiB of 40 GiB are free on /, 1 GiB']],
  },
  { title: 'they fit, and little is left', facts: disk(oneDisk(1.5 * GiB)), finds: [['warn', 'hardly more than']] },
  {
    title: 'kubeadm has no room for two copies of etcd',
    facts: disk(oneDisk(3 * GiB, 2 * GiB)),
    finds: [['refuse', "kubeadm's backups take twice etcd's 2 GiB"]],
  },
  { title: 'two copies of etcd just fit', facts: disk(oneDisk(4.05 * GiB, 2 * GiB)), finds: [['warn', 'hardly more']] },
  {
    title: 'etcd has a disk of its own, which needs no room for copies',
    facts: disk({
      places: [
        place('/', 30 * GiB),
        place('/etc/kubernetes/tmp', 30 * GiB),
        place('/var/lib/etcd', GiB, { mount: '/var/lib/etcd', size: 4 * GiB }),
      ],
      etcdBytes: 3 * GiB,
    }),
    finds: [],
  },
  {
    title: 'a small partition of images is full while the rest has room',
    facts: disk({
      places: [
        place('/', 30 * GiB),
        place('/var/lib/containerd', 300 * MiB, { mount: '/var/lib/containerd', size: 20 * GiB }),
      ],
    }),
    finds: [['refuse', 'are free on /var/lib/containerd']],
  },
  { title: 'the kubelet is about to evict pods', facts: disk(oneDisk(3 * GiB)), finds: [['warn', 'below 10 %']] },
  { title: 'a small disk in proportion has room', facts: disk(oneDisk(6 * GiB, 0, { size: 10 * GiB })), finds: [] },
  {
    title: 'no inodes are left',
    facts: disk(oneDisk(30 * GiB, 0, { freeInodes: 800 })),
    finds: [['refuse', 'only 800 inodes are free on /']],
  },
  {
    title: 'few inodes are left',
    facts: disk(oneDisk(30 * GiB, 0, { freeInodes: 60_000 })),
    finds: [['warn', '60000 of 2600000 inodes']],
  },
  {
    title: 'a step says no more than the whole did',
    facts: disk(oneDisk(0)),
    step: stepOn('cp1', 'install-packages', { packages: ['kubelet'], version: '1.32.9' }),
    finds: [],
  },
];

const broken = (...names: readonly string[]) => cluster({ w1: { packageState: { broken: names } } });
const lock = { pid: 812, command: 'apt-get dist-upgrade', file: '/var/lib/dpkg/lock-frontend' };

export const dpkgCases: readonly GuardCase[] = [
  { title: 'all packages are whole', facts: broken(), finds: [] },
  {
    title: 'a package of the system is half installed',
    facts: broken('grub-pc', 'kubelet'),
    finds: [['refuse', 'half installed: grub-pc, kubelet']],
    node: 'w1',
  },
  {
    title: 'a kubelet is half installed, which the next installation finishes',
    facts: broken('kubelet'),
    finds: [['warn', 'kubelet']],
  },
  { title: 'with its architecture', facts: broken('kubernetes-cni:amd64'), finds: [['warn', 'kubernetes-cni:amd64']] },
  {
    title: 'somebody installs',
    facts: cluster({ w2: { packageState: { broken: [], lock } } }),
    finds: [['warn', 'process 812 (apt-get dist-upgrade) works with packages now']],
    node: 'w2',
  },
];

const source = (minor: string, more: Partial<PackageSource> = {}): PackageSource => ({
  file: '/etc/apt/sources.list.d/kubernetes.list',
  line: 1,
  format: 'list',
  enabled: true,
  url: `https://pkgs.k8s.io/core:/stable:/v${minor}/deb/`,
  baseUrl: 'https://pkgs.k8s.io',
  channel: 'stable',
  minor,
  signedBy: '/etc/apt/keyrings/k.gpg',
  ...more,
});
const old = {
  file: '/etc/apt/sources.list.d/kubernetes.list',
  line: 3,
  format: 'list',
  enabled: true,
  url: 'https://apt.kubernetes.io/',
} as const;
const sources = (...list: readonly PackageSource[]) => cluster({ w1: { repository: { sources: list } } });

export const repositoryCases: readonly GuardCase[] = [
  { title: 'one source', facts: sources(source('1.31')), finds: [] },
  {
    title: 'a second one that is disabled',
    facts: sources(source('1.31'), source('1.30', { enabled: false })),
    finds: [],
  },
  {
    title: 'two minors',
    facts: sources(source('1.31'), source('1.30', { line: 2 })),
    finds: [['warn', 'v1.31 (/etc/apt/sources.list.d/kubernetes.list:1), v1.30']],
    node: 'w1',
  },
  {
    title: 'one minor twice',
    facts: sources(source('1.31'), source('1.31', { file: '/etc/apt/sources.list' })),
    finds: [['warn', '2 Kubernetes package sources']],
  },
  {
    title: 'the legacy source',
    facts: cluster({ w1: { repository: { sources: [], legacy: [old] } } }),
    finds: [['warn', 'https://apt.kubernetes.io/ (/etc/apt/sources.list.d/kubernetes.list:3)']],
  },
  {
    title: 'the legacy source beside the new one',
    facts: cluster({ w1: { repository: { sources: [source('1.31')], legacy: [old] } } }),
    finds: [['warn', 'gone']],
  },
  {
    title: 'a legacy source that is commented out',
    facts: cluster({ w1: { repository: { sources: [source('1.31')], legacy: [{ ...old, enabled: false }] } } }),
    finds: [],
  },
  { title: 'no source at all', facts: sources(), finds: [] },
];

const now = 1_800_000_000;
const key = (...ends: readonly (number | undefined)[]) =>
  cluster({
    w1: {
      repository: { sources: [source('1.31')] },
      repositoryKeys: {
        now,
        keyrings: [
          {
            file: '/etc/apt/keyrings/k.gpg',
            keys: ends.map((expires) => ({ id: 'A', ...(expires === undefined ? {} : { expires }) })),
          },
        ],
      },
    },
  });
const install = stepOn('w1', 'install-packages', { packages: ['kubelet'], version: '1.32.9' });
const day = 86_400;

export const keyCases: readonly GuardCase[] = [
  { title: 'a key for years', facts: key(now + 900 * day), finds: [] },
  { title: 'a key without an end', facts: key(undefined), finds: [] },
  { title: 'a key that could not be read', facts: key(), finds: [] },
  {
    title: 'a key that ends in 12 days',
    facts: key(now + 12 * day),
    finds: [['note', 'ends in 12 days, on 2027-01-27']],
    node: 'w1',
  },
  { title: 'a key that ended', facts: key(now - day), finds: [['warn', 'ended on 2027-01-14']] },
  { title: 'a key that ended, and another that stands', facts: key(now - day, now + 90 * day), finds: [] },
  {
    title: 'installing with a key that ended',
    facts: key(now - day),
    step: install,
    finds: [['refuse', 'nothing signed with it is installed']],
  },
  { title: 'installing with a key that ends soon', facts: key(now + day), step: install, finds: [] },
  {
    title: 'switching the source, which fetches a new key',
    facts: key(now - day),
    step: stepOn('w1', 'package-repo', { version: '1.32.9' }),
    finds: [],
  },
  {
    title: 'the key of a source that is not used',
    facts: cluster({
      w1: {
        repository: { sources: [source('1.31', { enabled: false })] },
        repositoryKeys: { now, keyrings: [{ file: '/etc/apt/keyrings/k.gpg', keys: [{ id: 'A', expires: 1 }] }] },
      },
    }),
    finds: [],
  },
];

const setup = { flags: [], shadowing: [], ownUnits: [], config: { featureGates: {} } };
const dropIn = '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf';

export const dropInCases: readonly GuardCase[] = [
  { title: 'the package has the only one', facts: cluster({ w1: { kubeletSetup: setup } }), finds: [] },
  {
    title: "an old one overrides the package's",
    facts: cluster({ w1: { kubeletSetup: { ...setup, shadowing: [dropIn] } } }),
    finds: [['warn', `${dropIn} overrides`]],
    node: 'w1',
  },
  {
    title: 'the package brings none yet',
    facts: cluster({ w1: { kubeletSetup: { ...setup, ownUnits: [dropIn] } } }),
    finds: [['note', 'will override']],
  },
];

const partition = { name: '/dev/sda2', bytes: 2 * GiB };
const swapping = (more: Partial<NodeFacts> = {}) =>
  cluster({ w1: { kernel: { cgroup: 'v2', swaps: [partition], sockets: [] }, kubeletSetup: setup, ...more } });
const restart = stepOn('w1', 'restart-kubelet', { version: '1.32.9' });
const allowed = swapping({ kubeletSetup: { ...setup, config: { featureGates: {}, failSwapOn: false } } });

export const swapCases: readonly GuardCase[] = [
  { title: 'no swap', facts: cluster({ w1: { kernel: { swaps: [], sockets: [] }, kubeletSetup: setup } }), finds: [] },
  {
    title: 'swap came on after the kubelet had started',
    facts: swapping(),
    finds: [['warn', 'swap is on (/dev/sda2, 2 GiB)']],
    node: 'w1',
  },
  {
    title: 'the kubelet would not come back',
    facts: swapping(),
    step: restart,
    finds: [['refuse', 'its kubelet does not start']],
  },
  {
    title: 'the machine is booted, perhaps without swap',
    facts: swapping(),
    step: stepOn('w1', 'reboot'),
    finds: [['warn', 'swap is on']],
  },
  { title: 'the configuration allows it', facts: allowed, step: restart, finds: [] },
  {
    title: 'a flag allows it',
    facts: swapping({
      kubeletSetup: { ...setup, flags: [{ file: '/etc/default/kubelet', name: 'fail-swap-on', value: 'false' }] },
    }),
    finds: [],
  },
  {
    title: 'the cluster will allow it',
    facts: {
      ...swapping(),
      cluster: { ...swapping().cluster, kubeletConfig: { featureGates: {}, failSwapOn: false } },
    },
    step: restart,
    finds: [],
  },
  {
    title: 'nothing is known of the kubelet',
    facts: cluster({ w1: { kernel: { swaps: [partition], sockets: [] } } }),
    finds: [],
  },
  { title: 'other steps do not start it', facts: swapping(), step: install, finds: [] },
];

const clocks = (
  cp1: readonly [number, number],
  w1: readonly [number, number],
  w2: readonly [number, number] | undefined,
) =>
  cluster({
    cp1: { clock: { least: cp1[0], most: cp1[1] } },
    w1: { clock: { least: w1[0], most: w1[1] } },
    w2: { clock: w2 ? { least: w2[0], most: w2[1] } : {} },
  });

export const clockCases: readonly GuardCase[] = [
  { title: 'clocks agree', facts: clocks([-0.01, 0.02], [0, 0.03], [-0.02, 0.01]), finds: [] },
  {
    title: 'all of them differ from ours alike',
    facts: clocks([3600, 3600.1], [3600, 3600.1], [3600.1, 3600.2]),
    finds: [],
  },
  { title: 'a slow link leaves two seconds open', facts: clocks([-1, 1], [1.5, 3.5], [-1, 1]), finds: [] },
  { title: 'a very slow link leaves all open', facts: clocks([-1, 1], [-5, 6], [-1, 1]), finds: [] },
  {
    title: 'one is 2 s behind',
    facts: clocks([0, 0.1], [-2, -1.9], [0, 0.1]),
    finds: [['warn', 'the clock of w1 is at least 1.9 s behind that of']],
    node: 'w1',
  },
  {
    title: 'one is an hour ahead',
    facts: clocks([0, 0.1], [3600, 3600.1], [0, 0.1]),
    finds: [['refuse', 'w1 is at least 59 min ahead of']],
    node: 'w1',
  },
  {
    title: 'one is a year behind',
    facts: clocks([0, 0.1], [-31_536_000, -31_536_000], [0, 0.1]),
    finds: [['refuse', 'at least 365 days behind']],
  },
  { title: 'of two, one is a minute off', facts: clocks([0, 0.1], [60, 60.1], undefined), finds: [['warn', '59.9 s']] },
  { title: 'nothing was read', facts: cluster({}), finds: [] },
];

const control = (server: Readonly<Record<string, string>>, endpoint = '10.9.9.9:6443'): Facts => {
  const facts = sketch({
    apiServers: { cp1: '1.31.9', cp2: '1.31.9', cp3: '1.31.9' },
    kubelets: { cp1: '1.31.9', cp2: '1.31.9', cp3: '1.31.9', w1: '1.31.9' },
    server,
  });
  return {
    ...facts,
    cluster: { ...facts.cluster, kubeadmConfig: { kubernetesVersion: '1.31.9', controlPlaneEndpoint: endpoint } },
  };
};
const balancer = 'https://10.9.9.9:6443';

export const serverCases: readonly GuardCase[] = [
  { title: 'all ask the load balancer', facts: control({ cp1: balancer, w1: balancer }), finds: [] },
  {
    title: 'control planes ask themselves (1.33 and newer)',
    facts: control({ cp1: 'cp1', cp2: 'cp2', w1: balancer }),
    finds: [],
  },
  {
    title: 'a worker asks one control plane of three',
    facts: control({ w1: 'cp2' }),
    finds: [['note', 'asks the API server of cp2 alone']],
    node: 'w1',
  },
  {
    title: 'the endpoint of the whole cluster is one control plane',
    facts: control({ w1: 'cp2' }, '10.0.1.2:6443'),
    finds: [],
  },
];
