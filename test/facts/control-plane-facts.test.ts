import { describe, expect, it } from 'vitest';
import { bindStep } from '../../src/actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../../src/actions/kubeadm-upgrade-apply.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { parseEtcd } from '../../src/facts/lib/etcd-answers.ts';
import { kubeadmConfig } from '../../src/facts/kubeadm-config.ts';
import { manifests } from '../../src/facts/manifests.ts';
import { nodes as nodesFact } from '../../src/facts/nodes.ts';
import { pods } from '../../src/facts/pods.ts';
import { checkRun, checkStep } from '../../src/guards/registry.ts';
import { fixture, podLines, parsed } from './fixture.ts';

describe('manifests', () => {
  const text = fixture('manifests.txt');
  const manifest = text.slice(text.indexOf('apiVersion: v1'));

  it('hold nothing against a real cluster, nor do its etcd, controllers and proxies', () => {
    const [members = '', health = '', status = ''] = fixture('etcd.txt').split('\n');
    const nodeObjects = parsed(nodesFact, fixture('nodes.json'));
    const facts: Facts = {
      nodes: { cp1: { manifests: parsed(manifests, manifest) } },
      cluster: {
        nodes: nodeObjects,
        pods: parsed(pods, podLines()),
        apiServers: ['cp1', 'cp2', 'cp3'].map((node) => ({ node, endpoint: node, version: '1.20.2', ready: true })),
        kubeProxy: { version: '1.20.2', desired: 5, updated: 5, available: 5 },
        kubeadmConfig: parsed(kubeadmConfig, fixture('kubeadm-config.txt')),
        etcd: parseEtcd(`--- members\n${members}\n--- health\n${health}\n--- status\n${status}\n`),
      },
    };
    const nodes = [{ name: 'cp1', host: '10.88.0.11', role: 'control-plane' as const }];
    const ids = [
      'static-pods-edited',
      'emulation',
      'etcd-health',
      'skew-kube-proxy-pods',
      'skew-controllers',
      'skew-kubelet-behind',
      'deprecated-apis',
    ];
    expect(checkRun({ nodes, before: facts, after: facts }, ids)).toEqual([]);
    const object = nodeObjects.find((node) => node.name === 'cp1');
    const machine = { hostname: 'cp1', machineId: object?.machineId ?? '', bootId: '', addresses: [] };
    const before = { ...facts, nodes: { cp1: { ...facts.nodes['cp1'], machine } } };
    const node = nodes[0] ?? { name: '', host: '', role: 'other' };
    const step = bindStep('s', node, kubeadmUpgradeApply, { version: '1.21.0' });
    expect(checkStep({ nodes, before, after: before, step }, ids)).toEqual([]);
  });
});
