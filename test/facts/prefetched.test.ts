import { expect, test } from 'vitest';
import { parsePrefetched } from '../../src/facts/prefetched.ts';

test('archives are told by package and revision, an epoch left out', () => {
  const { archives } = parsePrefetched(`archive: /var/cache/apt/archives/kubeadm_1.32.9-1.1_amd64.deb
archive: /var/cache/apt/archives/kubeadm_1%3a1.32.10-1.1_arm64.deb
archive: /var/cache/apt/archives/kubernetes-cni_1.6.0-1.1_amd64.deb
archive: /var/cache/dnf/kubernetes-0/packages/kubelet-1.32.9-150500.1.1.x86_64.rpm
`);
  expect(archives).toEqual({
    kubeadm: ['1.32.9-1.1', '1.32.10-1.1'],
    'kubernetes-cni': ['1.6.0-1.1'],
    kubelet: ['1.32.9-150500.1.1'],
  });
});

test.each([
  ['the JSON of crictl', '{"images": [{"repoTags": ["registry.k8s.io/pause:3.10"]}, {"repoTags": null}]}'],
  ['plain names of ctr', 'registry.k8s.io/pause:3.10\n'],
  ['lines of a smaller crictl', 'registry.k8s.io/pause:3.10,mirror.example/pause:3.10  sha256:873ed7510279  686139\n'],
])('images are read from %s', (_, output) => {
  const fact = parsePrefetched(`needs: 1.32.9\nneeds: 1.32.9 registry.k8s.io/pause:3.10\nimages:\n${output}`);
  expect(fact.needs).toEqual({ '1.32.9': ['registry.k8s.io/pause:3.10'] });
  expect(fact.images).toContain('registry.k8s.io/pause:3.10');
});

test('a node on which nothing was fetched, or whose runtime says nothing, has nothing', () => {
  expect(parsePrefetched('')).toEqual({ archives: {}, needs: {}, images: [] });
  expect(parsePrefetched('needs: 1.32.9\nimages:\n').images.filter((image) => image !== '')).toEqual([]);
  expect(parsePrefetched('images:\n{"images": [').images).toEqual([]);
});
