import { describe } from 'vitest';
import { type GuardCase, testCases } from './cases.ts';
import { type ClusterSketch, pod, sketch, stepOn } from './cluster.ts';

type Versions = Readonly<Record<string, string>>;

const all = (version: string): Versions => ({ cp1: version, cp2: version, cp3: version });

/** Three control planes and a worker. */
function cluster(apiServers: Versions, more: Partial<ClusterSketch> = {}) {
  const kubelets = { ...Object.fromEntries(Object.keys(apiServers).map((name) => [name, '1.31.9'])), w1: '1.31.9' };
  return sketch({ apiServers, kubelets, ...more });
}

function managers(title: string, apiServers: Versions, versions: Versions, ...parts: string[]): GuardCase {
  return {
    title,
    facts: cluster(apiServers, { controllerManagers: versions }),
    finds: parts.map((part) => ['warn', part] as const),
  };
}

const cloud = (image: string, apiServers: Versions): GuardCase['facts'] => {
  const facts = cluster(apiServers);
  return { ...facts, cluster: { ...facts.cluster, pods: [pod('ccm-1', 'cp1', { images: [image] })] } };
};
const apply = stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9' });
const mixed = { cp1: '1.32.9', cp2: '1.31.9', cp3: '1.31.9' };

describe('skew-controllers: controller managers and schedulers', () =>
  testCases('skew-controllers', [
    managers('as new as the API servers', all('1.31.9'), all('1.31.9')),
    managers('policy page: 1.37 API servers, 1.36 controllers', all('1.37.0'), all('1.36.2')),
    managers(
      'policy page: mixed 1.37 and 1.36, controllers at 1.36',
      { ...all('1.36.2'), cp1: '1.37.0' },
      all('1.36.2'),
    ),
    managers('a controller moved with the API server of its own node', mixed, { ...all('1.31.9'), cp1: '1.32.9' }),
    managers(
      'policy page: a controller newer than the API server of its own node',
      { ...all('1.37.0'), cp2: '1.36.2' },
      { ...all('1.36.2'), cp2: '1.37.0' },
      'kube-controller-manager of cp2 newer than the API server that it asks: 1.37.0 against 1.36.2 of cp2',
    ),
    managers(
      'two minors behind',
      all('1.32.9'),
      { ...all('1.32.9'), cp3: '1.30.1' },
      'kube-controller-manager of cp3 2 minors behind an API server, one is allowed: 1.30.1 against 1.32.9 of cp1',
    ),
    managers(
      'two minors behind the newest, one behind its own',
      mixed,
      { ...all('1.31.9'), cp2: '1.30.1' },
      'kube-controller-manager of cp2 2 minors behind',
    ),
    managers('a patch newer does not matter', all('1.31.2'), all('1.31.9')),
    {
      title: 'a scheduler newer than its API server',
      facts: cluster(all('1.31.9'), { schedulers: { cp1: '1.32.0' } }),
      finds: [['warn', 'kube-scheduler of cp1 newer than the API server that it asks']],
      node: 'cp1',
    },
    {
      title: 'a scheduler whose own API server is silent: the oldest of the others counts',
      facts: sketch({
        apiServers: { cp1: null, cp2: '1.31.9' },
        kubelets: { cp1: '1.31.9', cp2: '1.31.9' },
        schedulers: { cp1: '1.32.0' },
      }),
      finds: [['warn', '1.32.0 against 1.31.9 of cp2']],
    },
    {
      title: 'a step that would leave a controller two minors behind is refused',
      facts: cluster(all('1.31.9'), { controllerManagers: all('1.30.1') }),
      after: cluster({ ...all('1.31.9'), cp1: '1.32.9' }, { controllerManagers: { ...all('1.30.1'), cp1: '1.32.9' } }),
      step: apply,
      finds: [
        ['refuse', 'kube-controller-manager of cp2 2 minors behind'],
        ['refuse', 'kube-controller-manager of cp3 2 minors behind'],
      ],
    },
    {
      title: 'a step that mends a controller is not refused',
      facts: cluster(all('1.32.9'), { controllerManagers: { ...all('1.32.9'), cp2: '1.30.1' } }),
      after: cluster(all('1.32.9'), { controllerManagers: all('1.32.9') }),
      step: stepOn('cp2', 'kubeadm-upgrade-node'),
      finds: [],
    },
    {
      title: "kubeadm's own way: a node's API server and controllers move together",
      facts: cluster(all('1.31.9'), { controllerManagers: all('1.31.9'), schedulers: all('1.31.9') }),
      after: cluster(mixed, {
        controllerManagers: { ...all('1.31.9'), cp1: '1.32.9' },
        schedulers: { ...all('1.31.9'), cp1: '1.32.9' },
      }),
      step: apply,
      finds: [],
    },
    {
      title: "a cloud's controller two minors behind",
      facts: cloud('registry.k8s.io/provider-aws/cloud-controller-manager:v1.29.0', all('1.31.9')),
      finds: [
        ['warn', 'cloud-controller-manager 2 minors behind an API server, one is allowed: 1.29.0 against 1.31.9'],
      ],
    },
    {
      title: "a cloud's controller one minor behind",
      facts: cloud('registry.k8s.io/provider-os/openstack-cloud-controller-manager:v1.30.1', all('1.31.9')),
      finds: [],
    },
    {
      title: "a cloud's controller newer than the oldest API server, as it asks any of them",
      facts: cloud('mcr.microsoft.com/oss/kubernetes/azure-cloud-controller-manager:v1.32.0', mixed),
      finds: [['warn', 'cloud-controller-manager newer than the API server that it asks: 1.32.0 against 1.31.9']],
    },
    {
      title: "a cloud's controller with numbers of its own",
      facts: cloud('docker.io/hetznercloud/hcloud-cloud-controller-manager:v1.20.0', all('1.31.9')),
      finds: [],
    },
  ]));

function kubectls(title: string, apiServers: Versions, kubectl: Versions, ...parts: string[]): GuardCase {
  return { title, facts: cluster(apiServers, { kubectl }), finds: parts.map((part) => ['warn', part] as const) };
}

describe('skew-kubectl', () =>
  testCases('skew-kubectl', [
    kubectls('policy page: API servers at 1.37, kubectl 1.38, 1.37 and 1.36', all('1.37.0'), {
      cp1: '1.38.0',
      cp2: '1.37.0',
      cp3: '1.36.1',
    }),
    kubectls(
      'policy page: API servers at 1.37 and 1.36, kubectl 1.37 and 1.36',
      { ...all('1.36.1'), cp1: '1.37.0' },
      {
        cp1: '1.37.0',
        cp2: '1.36.0',
      },
    ),
    kubectls(
      'policy page: API servers at 1.37 and 1.36, kubectl 1.38 is more than one minor from one of them',
      { ...all('1.36.1'), cp1: '1.37.0' },
      { cp1: '1.38.0' },
      'kubectl of cp1 2 minors from an API server, one is allowed: 1.38.0 against 1.36.1 of cp2',
    ),
    kubectls('three minors older', all('1.34.0'), { cp2: '1.31.9' }, 'kubectl of cp2 3 minors from an API server'),
    kubectls('not known', all('1.34.0'), {}),
    kubectls('on a worker nobody uses it', all('1.34.0'), { w1: '1.28.0' }),
    {
      title: 'left behind by a step: shown, as it mostly works all the same',
      facts: cluster(all('1.31.9'), { kubectl: { cp1: '1.30.0' } }),
      after: cluster({ ...all('1.31.9'), cp1: '1.32.9' }, { kubectl: { cp1: '1.30.0' } }),
      step: apply,
      finds: [['warn', '1.30.0 against 1.32.9 of cp1']],
    },
  ]));

function kubelets(title: string, apiServer: string, kubelet: string, ...parts: string[]): GuardCase {
  return {
    title,
    facts: sketch({ apiServers: { cp1: apiServer }, kubelets: { cp1: apiServer, w1: kubelet } }),
    finds: parts.map((part) => ['warn', part] as const),
  };
}

describe('skew-kubelet-behind: kubelets at the limit', () =>
  testCases('skew-kubelet-behind', [
    kubelets('as new', '1.34.1', '1.34.1'),
    kubelets('two minors behind', '1.34.1', '1.32.9'),
    kubelets('three minors behind', '1.34.1', '1.31.9', 'kubelets as old as an API server at 1.34 allows: w1 (1.31.9)'),
    kubelets(
      'before 1.25 two minors are the limit',
      '1.26.0',
      '1.24.3',
      'as an API server at 1.26 allows: w1 (1.24.3)',
    ),
    kubelets('1.25 may be three behind', '1.28.0', '1.25.3', 'w1 (1.25.3)'),
    kubelets('beyond the limit it is for skew-kubelet to refuse', '1.35.0', '1.31.9'),
    {
      title: 'reached by a step: a note, its kubelets may follow',
      facts: sketch({ apiServers: { cp1: '1.33.4' }, kubelets: { cp1: '1.33.4', w1: '1.31.9' } }),
      after: sketch({ apiServers: { cp1: '1.34.1' }, kubelets: { cp1: '1.33.4', w1: '1.31.9' } }),
      step: apply,
      finds: [['note', 'w1 (1.31.9)']],
    },
  ]));

function proxies(
  title: string,
  daemonSet: string,
  running: Versions,
  apiServer: string,
  ...parts: string[]
): GuardCase {
  const facts = sketch({
    apiServers: { cp1: apiServer },
    kubelets: { cp1: apiServer, w1: '1.31.9' },
    kubeProxy: daemonSet,
  });
  const pods = Object.entries(running).map(([node, version]) =>
    pod(`kube-proxy-${node}`, node, {
      namespace: 'kube-system',
      labels: { 'k8s-app': 'kube-proxy' },
      images: [`registry.k8s.io/kube-proxy:v${version}`],
    }),
  );
  return {
    title,
    facts: { ...facts, cluster: { ...facts.cluster, pods } },
    finds: parts.map((part) => ['warn', part] as const),
  };
}

describe('skew-kube-proxy-pods: the kube-proxy that runs', () =>
  testCases('skew-kube-proxy-pods', [
    proxies('is what the DaemonSet says', '1.31.9', { cp1: '1.31.9', w1: '1.31.9' }, '1.31.9'),
    proxies('is in the middle of a rollout', '1.32.9', { cp1: '1.32.9', w1: '1.31.9' }, '1.32.9'),
    proxies(
      'was left behind by a rollout that is stuck',
      '1.35.0',
      { cp1: '1.35.0', w1: '1.31.9' },
      '1.35.0',
      'on w1: kube-proxy 4 minors behind an API server, 3 are allowed: 1.31.9 against 1.35.0 of cp1',
    ),
    proxies(
      'is newer than the API server',
      '1.31.9',
      { w1: '1.32.0' },
      '1.31.9',
      'on w1: kube-proxy newer than an API server: 1.32.0 against 1.31.9 of cp1',
    ),
    proxies(
      'is too far from the kubelet of its node',
      '1.34.0',
      { w1: '1.35.0' },
      '1.35.0',
      'on w1: kube-proxy and the kubelet of w1 4 minors apart, 3 are allowed: 1.35.0 and 1.31.9',
    ),
  ]));

/** The manifest of cp3, whose API server does not answer, has this release. */
function silentAt(version: string, kubelets: Versions): GuardCase['facts'] {
  const facts = sketch({ apiServers: { cp1: '1.32.9', cp2: '1.32.9', cp3: null }, kubelets, cordoned: ['cp1'] });
  const image = `registry.k8s.io/kube-apiserver:v${version}`;
  const staticPods = { components: { 'kube-apiserver': { image, tag: `v${version}` } } };
  return { ...facts, nodes: { ...facts.nodes, cp3: { ...facts.nodes['cp3'], staticPods } } };
}
const old = { cp1: '1.31.9', cp2: '1.31.9', cp3: '1.31.9' };
const kubelet = stepOn('cp1', 'restart-kubelet', { version: '1.32.9' });

describe('skew-mixed-api-servers: an API server that does not answer counts with the release of its manifest', () =>
  testCases('skew-mixed-api-servers', [
    {
      title: 'at the old minor it may come back at any moment',
      facts: silentAt('1.31.9', old),
      after: silentAt('1.31.9', { ...old, cp1: '1.32.9' }),
      step: kubelet,
      finds: [['refuse', 'while the API server of cp3 is at 1.31.9']],
    },
    {
      title: 'at the new minor it is in nobody’s way',
      facts: silentAt('1.32.9', old),
      after: silentAt('1.32.9', { ...old, cp1: '1.32.9' }),
      step: kubelet,
      finds: [],
    },
  ]));
