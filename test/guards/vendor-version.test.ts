import { describe, expect, it } from 'vitest';
import { vendorOf } from '../../src/facts/lib/vendors.ts';
import { checkRun, guards } from '../../src/guards/registry.ts';
import { releaseOf, withoutEpoch } from '../../src/packages/lib/revision.ts';
import { testCases } from './cases.ts';
import { guardNodes, sketch, stepOn } from './cluster.ts';

const of = (cp1: string, w1 = cp1) => sketch({ apiServers: { cp1 }, kubelets: { cp1, w1 }, clusterVersion: cp1 });
const apply = stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9' });

describe('vendor-version', () =>
  testCases('vendor-version', [
    { title: "Kubernetes' own", facts: of('1.31.9'), finds: [] },
    { title: 'a prerelease of it', facts: of('1.32.0-rc.1'), step: apply, finds: [] },
    {
      title: 'RKE2, all nodes in one finding',
      facts: of('1.31.4+rke2r1'),
      finds: [['warn', 'RKE2 runs here, which kubeadm does not upgrade: cp1 (1.31.4+rke2r1), w1 (1.31.4+rke2r1)']],
    },
    {
      title: 'one node of EKS',
      facts: of('1.31.9', '1.31.4-eks-2d5f260'),
      step: apply,
      finds: [['refuse', 'EKS runs']],
    },
    { title: 'drains are welcome', facts: of('1.31.4+k3s1'), step: stepOn('w1', 'drain'), finds: [] },
  ]));

it('knows vendors by their marks', () => {
  const versions = ['1.31.2+k0s', '1.30.1-gke.1329000', '1.31.2+mine', '1.31.2', '1.34.0-alpha.1'];
  expect(versions.map(vendorOf)).toEqual(['k0s', 'GKE', 'a vendor', undefined, undefined]);
  expect(guards.get('vendor-version')).toBeDefined();
});

it('says it once for a cluster', () => {
  const facts = of('1.31.4+k3s1');
  expect(checkRun({ nodes: guardNodes(facts), before: facts, after: facts }, ['vendor-version'])).toHaveLength(1);
});

it.each([
  ['1.34.0~rc.1-1.1', '1.34.0-rc.1'],
  ['0:1.34.0~rc.1-150500.1.1', '1.34.0-rc.1'],
  ['1%3a1.32.9-1.1', '1.32.9'],
  ['1.32.9-1.1', '1.32.9'],
])('reads the release of the revision %s', (revision, release) => {
  expect(releaseOf(revision)).toBe(release);
  expect(withoutEpoch(revision)).not.toMatch(/^\d+(:|%3a)/);
});
