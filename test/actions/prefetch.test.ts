import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NodeFacts } from '../../src/facts/facts.ts';
import type { PrefetchedFact } from '../../src/facts/prefetched.ts';
import { Bench } from './bench.ts';
import { actionNamed, contextFor, isDone, scriptOf, type Setting } from './cluster.ts';

const AT = { version: '1.32.9' };
const IMAGES = [
  'kube-apiserver:v1.32.9',
  'kube-proxy:v1.32.9',
  'coredns/coredns:v1.11.3',
  'pause:3.10',
  'etcd:3.5.24-0',
];

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

/** Runs the script with its folders in the bench, under a real sh. */
function run(node: string, values: object = {}, setting: Setting = {}) {
  const { text } = scriptOf('prefetch', { ...AT, ...values }, { node, ...setting });
  for (const folder of ['cache', 'archives', 'etc']) mkdirSync(bench.path(folder), { recursive: true });
  bench.write('archives/kubeadm_1.32.9-2.1_amd64.deb', '');
  const moved = text
    .replaceAll('/var/cache/runbook', bench.path('cache'))
    .replaceAll('/var/cache/apt/archives', bench.path('archives'))
    .replaceAll('/etc/apt', bench.path('etc'));
  return bench.run(moved);
}

function tools(present: readonly string[] = []): void {
  bench.tool('apt-get');
  bench.tool('apt-config');
  bench.tool('kubeadm', 'echo v1.31.9');
  const list = IMAGES.map((image) => `registry.k8s.io/${image}`).join('\\n');
  bench.tool(
    'dpkg-deb',
    `mkdir -p "$3/usr/bin"; printf '#!/bin/sh\\nprintf "${list}\\\\n"\\n' >"$3/usr/bin/kubeadm"; chmod +x "$3/usr/bin/kubeadm"`,
  );
  bench.tool(
    'crictl',
    `case "$*" in *inspecti*) case " ${present.join(' ')} " in *" $2 "*) ;; *) exit 1 ;; esac ;; esac`,
  );
}

const pulls = (calls: readonly string[]) => calls.filter((call) => call.startsWith('crictl pull'));

test('a control plane pulls what it lacks of the list that the release itself has, and notes what it needs', () => {
  tools(['registry.k8s.io/pause:3.10']);
  const { code, calls, stderr } = run('cp-1');
  expect(code, stderr).toBe(0);
  const needed = ['kube-apiserver:v1.32.9', 'kube-proxy:v1.32.9', 'coredns/coredns:v1.11.3', 'etcd:3.5.24-0'];
  expect(pulls(calls)).toEqual(needed.map((image) => `crictl pull registry.k8s.io/${image}`));
  expect(bench.read('cache/images-v1.32.9').trimEnd().split('\n')).toHaveLength(5);
  expect(bench.files('cache')).toEqual(['./images-v1.32.9']);
});

test('a worker pulls what pods on it may need, and nothing of kube-proxy where the cluster has none', () => {
  tools();
  expect(pulls(run('w-1').calls)).toHaveLength(3);
  const without = run('w-1', {}, { cluster: (c) => ({ ...c, kubeProxy: { desired: 0, updated: 0, available: 0 } }) });
  expect(pulls(without.calls).slice(3)).toEqual([
    'crictl pull registry.k8s.io/coredns/coredns:v1.11.3',
    'crictl pull registry.k8s.io/pause:3.10',
  ]);
});

test('images that cannot be pulled are all named, after three tries each, and nothing is noted', () => {
  tools();
  bench.tool('sleep');
  bench.tool('crictl', 'case "$*" in *inspecti*|*kube-proxy*|*pause*) exit 1 ;; esac');
  const { code, calls, stderr } = run('w-1');
  expect(code).toBe(1);
  expect(stderr).toContain(
    'these images cannot be fetched: registry.k8s.io/kube-proxy:v1.32.9 registry.k8s.io/pause:3.10\n',
  );
  expect(pulls(calls)).toHaveLength(7);
  expect(bench.files('cache')).toEqual([]);
});

test('without images neither kubeadm nor a runtime is asked', () => {
  tools();
  const { code, calls } = run('cp-1', { images: false });
  expect(code).toBe(0);
  expect(calls.filter((call) => /^(kubeadm|crictl|dpkg-deb)/.test(call))).toEqual([]);
  expect(calls.at(-1)).toMatch(
    /--download-only install kubeadm=1\.32\.9-2\.1 kubelet=1\.32\.9-2\.1 kubectl=1\.32\.9-2\.1$/,
  );
});

test('a package that cannot be fetched ends it before any image is asked for', () => {
  tools();
  bench.tool('apt-get', 'case "$*" in *install*) exit 100 ;; esac');
  const { code, calls, stderr } = run('cp-1');
  expect(code).toBe(100);
  expect(stderr).toContain('these packages cannot be fetched from https://pkgs.k8s.io/core:/stable:/v1.32/deb/');
  expect(calls.filter((call) => call.startsWith('crictl'))).toEqual([]);
});

test("the cluster's own registry is asked; one of kubeadm's defaults is left to kubeadm", () => {
  const shown = (imageRepository: string) =>
    scriptOf('prefetch', AT, {
      node: 'w-1',
      cluster: (c) => ({ ...c, kubeadmConfig: { kubernetesVersion: '1.31.9', imageRepository } }),
    });
  const own = shown('harbor.example/k8s');
  expect(own.commands).toContain('crictl pull harbor.example/k8s/kube-proxy:v1.32.9');
  expect(own.text).toContain('config images list --kubernetes-version=v1.32.9 --image-repository=harbor.example/k8s');
  expect(shown('k8s.gcr.io').commands).toContain('crictl pull registry.k8s.io/kube-proxy:v1.32.9');
  expect(shown('k8s.gcr.io').text).not.toContain('--image-repository');
});

test("kubeadm is given the cluster's own configuration, at the release to come", () => {
  const clusterConfiguration = [
    'dns:\n  imageRepository: harbor.example/dns\n',
    'etcd:\n  local:\n    imageTag: 3.5.26-0\n',
    'imageRepository: k8s.gcr.io\n',
    "apiServer:\n  extraArgs:\n  - name: x\n    value: it's\n",
    '  extraEnvs:\n  - name: HTTPS_PROXY\n    value: http://ops:hunter2@proxy:3128\n',
    'kubernetesVersion: v1.31.9\n',
  ].join('');
  const { text, commands } = scriptOf('prefetch', AT, {
    node: 'w-1',
    cluster: (c) => ({ ...c, kubeadmConfig: { kubernetesVersion: '1.31.9', clusterConfiguration } }),
  });
  const file = '/var/cache/runbook/prefetch/cluster-configuration.yaml';
  expect(commands).toContain(`kubeadm config images list --config=${file}`);
  expect(text).toContain(`>${file} || exit`);
  expect(text).toContain('imageRepository: harbor.example/dns');
  expect(text).toContain('kubernetesVersion: v1.32.9');
  expect(text).not.toMatch(/1\.31\.9|k8s\.gcr\.io/);
  // The script is in the plan and in what nodes keep.
  expect(text).not.toContain('hunter2');
});

test('it is done when archives and images are there, and when the node has the release', () => {
  const with_ = (prefetched: PrefetchedFact, node = 'w-1') => ({
    node,
    machine: (facts: NodeFacts) => ({ ...facts, prefetched }),
  });
  const archives = { kubeadm: ['1.32.9-2.1'], kubelet: ['1.32.9-2.1'], kubectl: ['1.32.9-2.1'] };
  const needs = { '1.32.9': ['registry.k8s.io/pause:3.10'] };
  const images = ['registry.k8s.io/pause:3.10'];
  expect(isDone('prefetch', AT, with_({ archives, needs, images })).reason).toBe(
    'fetched: kubeadm 1.32.9-2.1, kubelet 1.32.9-2.1, kubectl 1.32.9-2.1, 1 image',
  );
  expect(isDone('prefetch', AT, with_({ archives: { ...archives, kubelet: ['1.32.9-1.1'] }, needs, images }))).toEqual({
    done: false,
    reason: 'kubelet 1.32.9-2.1 is not fetched yet',
  });
  expect(isDone('prefetch', AT, with_({ archives, needs, images: [] })).reason).toBe(
    'registry.k8s.io/pause:3.10 is not there',
  );
  expect(isDone('prefetch', AT, with_({ archives, needs: {}, images })).reason).toBe(
    'the images of 1.32.9 are not fetched yet',
  );
  expect(isDone('prefetch', { ...AT, images: false }, with_({ archives, needs: {}, images: [] })).done).toBe(true);
  const nothing = { archives: {}, needs: {}, images: [] };
  for (const node of ['cp-1', 'w-1'])
    expect(isDone('prefetch', AT, { ...with_(nothing, node), version: '1.32.9' })).toEqual({
      done: true,
      reason: `${node} is at 1.32.9 already`,
    });
});

test.each([
  ['dnf', '--disableplugin=versionlock --disableexcludes=kubernetes', []],
  [
    'dnf5',
    '--setopt=disable_excludes=kubernetes',
    ['dnf -q --disablerepo=* versionlock delete kubelet', 'dnf -q --disablerepo=* versionlock add kubelet'],
  ],
] as const)(
  '%s fetches from the address of the new minor by the section that is there, past locks and excludes',
  (manager, past, locks) => {
    const url = 'https://pkgs.k8s.io/core:/stable:/v1.31/rpm/';
    const setting: Setting = {
      node: 'w-1',
      machine: (facts) => ({
        ...facts,
        os: { id: 'rocky', idLike: [], versionId: '9', prettyName: 'Rocky Linux 9', packageManager: 'dnf' },
        packages: { installed: facts.packages?.installed ?? {}, held: ['kubelet'], manager },
        offered: { '1.32': { url: '', revisions: { kubelet: ['1.32.9-150500.1.1'] } } },
        repository: {
          sources: [
            {
              file: '/etc/yum.repos.d/kubernetes.repo',
              line: 3,
              format: 'repo',
              enabled: true,
              url,
              baseUrl: 'https://pkgs.k8s.io',
              channel: 'stable',
              minor: '1.31',
              section: { id: 'kubernetes', first: 1, last: 6 },
            },
          ],
        },
      }),
    };
    bench.tool('dnf');
    const { code, calls, stderr } = run('w-1', { packages: ['kubelet'], images: false }, setting);
    expect(code, stderr).toBe(0);
    const fetched = calls.filter((call) => call.includes('--downloadonly'));
    const to = 'https://pkgs.k8s.io/core:/stable:/v1.32/rpm/';
    expect(fetched.map((call) => call.replaceAll(/ +/g, ' '))).toEqual([
      `dnf -y --setopt=kubernetes.baseurl=${to} --setopt=kubernetes.gpgkey=${to}repodata/repomd.xml.key --setopt=kubernetes.gpgcheck=1 --enablerepo=kubernetes ${past} --setopt=keepcache=1 install --downloadonly kubelet-1.32.9-150500.1.1`,
    ]);
    expect(calls.filter((call) => call.includes('versionlock') && !call.includes('--downloadonly'))).toEqual([
      ...locks,
    ]);
    expect(actionNamed('prefetch').unsupported?.(contextFor('prefetch', AT, setting))).toBeUndefined();
  },
);
