import { describe, expect, it } from 'vitest';
import { apiServerEndpoints } from '../../src/facts/api-server-endpoints.ts';
import { endpointsOf } from '../../src/facts/api-servers.ts';
import { decidingFacts } from '../../src/facts/lib/deciding.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { inventoryNameOf, nodeObjectFor } from '../../src/facts/lib/identity.ts';
import { nodes as nodesFact } from '../../src/facts/nodes.ts';
import { selects, pdbs } from '../../src/facts/pdbs.ts';
import { pods as podsFact } from '../../src/facts/pods.ts';
import { versionsOf } from '../../src/facts/lib/versions.ts';
import { fixture, podLines, parsed } from './fixture.ts';

const nodes = parsed(nodesFact, fixture('nodes.json'));
const pods = parsed(podsFact, podLines());

describe('pdbs', () => {
  it('takes an empty selector for all pods in policy/v1 and for none in v1beta1', () => {
    const item = (apiVersion: string) => ({
      apiVersion,
      metadata: { namespace: 'a', name: 'b' },
      spec: { selector: {}, maxUnavailable: '25%' },
    });
    const [all, none] = parsed(pdbs, JSON.stringify({ items: [item('policy/v1'), item('policy/v1beta1')] }));
    expect(all && selects(all.selector, { app: 'x' })).toBe(true);
    expect(none && selects(none.selector, { app: 'x' })).toBe(false);
    expect(all?.maxUnavailable).toBe('25%');
  });
});

describe('API servers', () => {
  it('are asked where their pods say, on each control plane', () => {
    const announced = parsed(apiServerEndpoints, fixture('pods.json'));
    expect(endpointsOf(nodes, announced)).toEqual([
      { node: 'cp1', endpoint: '10.88.0.11:6443' },
      { node: 'cp2', endpoint: '10.88.0.12:6443' },
      { node: 'cp3', endpoint: '10.88.0.13:6443' },
    ]);
  });

  it('are asked at the internal address and the usual port where no pod says anything', () => {
    const [cp1] = nodes;
    const addresses = [{ type: 'InternalIP', address: 'fd00::11' }];
    expect(cp1 && endpointsOf([{ ...cp1, addresses }], [])).toEqual([{ node: 'cp1', endpoint: '[fd00::11]:6443' }]);
  });
});

describe('what is derived from facts', () => {
  const machineId = nodes[0]?.machineId ?? '';
  const facts: Facts = {
    nodes: {
      first: { machine: { hostname: 'cp1', machineId, bootId: 'b', addresses: [] }, binaries: { kubeadm: '1.21.0' } },
    },
    cluster: {
      nodes,
      pods,
      apiServers: [
        { node: 'cp1', endpoint: '10.88.0.11:6443', version: '1.21.0', ready: true },
        { node: 'cp2', endpoint: '10.88.0.12:6443', ready: false },
      ],
    },
  };

  it('finds the Node object of a machine by its machine-id, whatever the inventory calls it', () => {
    expect(nodeObjectFor(facts, 'first')?.name).toBe('cp1');
    expect(inventoryNameOf(facts, 'cp1')).toBe('first');
    expect(inventoryNameOf(facts, 'cp2')).toBeUndefined();
  });

  it('lists every version that is known', () => {
    const { apiServers, controllerManagers, kubelets, kubeadm, clusterVersion } = versionsOf(facts);
    expect(apiServers).toEqual({ cp1: '1.21.0' });
    expect(controllerManagers).toEqual({ cp1: '1.20.2', cp2: '1.20.2', cp3: '1.20.2' });
    expect(kubelets).toMatchObject({ w1: '1.20.2' });
    expect(kubeadm).toEqual({ first: '1.21.0' });
    expect(clusterVersion).toBe('1.21.0');
  });

  it('stands on versions and cordons, not on readiness, boots or where pods run', () => {
    const text = (value: Facts) => JSON.stringify(decidingFacts(value));
    const changed = (change: Partial<NonNullable<Facts['cluster']>>) =>
      text({ ...facts, cluster: { ...facts.cluster, ...change } });
    expect(changed({ pods: pods.filter((pod) => pod.namespace !== 'demo') })).toBe(text(facts));
    expect(changed({ nodes: nodes.map((node) => ({ ...node, ready: false, bootId: 'x' })) })).toBe(text(facts));
    expect(changed({ nodes: nodes.map((node) => ({ ...node, unschedulable: true })) })).not.toBe(text(facts));
    expect(changed({ nodes: nodes.slice(1) })).not.toBe(text(facts));
    expect(changed({ kubeadmConfig: { kubernetesVersion: '1.22.0' } })).not.toBe(text(facts));
  });
});
