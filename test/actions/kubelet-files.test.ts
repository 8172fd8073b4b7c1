import { expect, it } from 'vitest';
import type { Facts } from '../../src/facts/facts.ts';
import { checkStep } from '../../src/guards/registry.ts';
import { guardNode, guardNodes, sketch, stepOn } from '../guards/cluster.ts';
import { actionNamed } from './cluster.ts';

const env = '/var/lib/kubelet/kubeadm-flags.env';
const own = { featureGates: {}, failSwapOn: false };

function start(version: string): Facts {
  const facts = sketch({
    apiServers: { cp1: version },
    kubelets: { cp1: version, w1: version },
    clusterVersion: version,
  });
  const kubeletSetup = {
    flags: [{ file: env, name: 'pod-infra-container-image' }],
    shadowing: [],
    ownUnits: [],
    config: own,
  };
  const nodes = { cp1: { ...facts.nodes['cp1'], kubeletSetup }, w1: { ...facts.nodes['w1'], kubeletSetup } };
  return { nodes, cluster: { ...facts.cluster, kubeletConfig: { featureGates: {} } } };
}

/** The facts once kubeadm of a release has been on the worker. */
function after(facts: Facts, version: string, patches?: string): Facts {
  const options = { version, ...(patches !== undefined && { patches }) };
  return actionNamed('kubeadm-upgrade-node').project({
    node: guardNode('w1'),
    nodes: guardNodes(facts),
    facts,
    settings: { kubeconfig: '/etc/kubernetes/admin.conf' },
    run: 'r',
    with: options,
  });
}
const refusals = (facts: Facts, version: string) =>
  checkStep(
    { nodes: guardNodes(facts), before: facts, after: facts, step: stepOn('w1', 'restart-kubelet', { version }) },
    ['removed-flags'],
  );

it('a step of kubeadm leaves the configuration of the cluster, or with patches perhaps that of the node', () => {
  expect(after(start('1.33.4'), '1.34.3').nodes['w1']?.kubeletSetup?.config).toEqual({ featureGates: {} });
  expect(after(start('1.33.4'), '1.34.3', '/etc/patches').nodes['w1']?.kubeletSetup?.config).toEqual(own);
});

it('a worker that goes through each minor loses the flag on its way, one that skips 1.35 is refused for it', () => {
  const each = ['1.34.3', '1.35.1', '1.36.4'].reduce((facts, version) => after(facts, version), start('1.33.4'));
  expect(refusals(each, '1.36.4')).toEqual([]);
  expect(refusals(after(start('1.33.4'), '1.36.4'), '1.36.4')).toMatchObject([
    { severity: 'refuse', remedy: expect.stringContaining('Only kubeadm 1.35 takes it out') },
  ]);
});
