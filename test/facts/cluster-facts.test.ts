import { describe, expect, it } from 'vitest';
import { parseApiServerEndpoints } from '../../src/facts/api-server-endpoints.ts';
import { endpointsOf } from '../../src/facts/api-servers.ts';
import { decidingFacts } from '../../src/facts/lib/deciding.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { inventoryNameOf, nodeObjectFor } from '../../src/facts/lib/identity.ts';
import { parseKubeProxy } from '../../src/facts/kube-proxy.ts';
import { parseKubeadmConfig } from '../../src/facts/kubeadm-config.ts';
import { parseLeases } from '../../src/facts/leases.ts';
import { parseNodes } from '../../src/facts/nodes.ts';
import { parsePdbs, selects } from '../../src/facts/pdbs.ts';
import { parsePods } from '../../src/facts/pods.ts';
import { versionsOf } from '../../src/facts/lib/versions.ts';
import { fixture, podLines } from './fixture.ts';

const nodes = parseNodes(fixture('nodes.json'));
const pods = parsePods(podLines());

describe('nodes', () => {
  it('reads the real Node objects', () => {
    expect(nodes.map((node) => [node.name, node.controlPlane, node.ready, node.kubeletVersion])).toEqual([
      ['cp1', true, true, '1.20.2'],
      ['cp2', true, true, '1.20.2'],
      ['cp3', true, true, '1.20.2'],
      ['w1', false, true, '1.20.2'],
      ['w2', false, true, '1.20.2'],
    ]);
    expect(nodes[0]).toMatchObject({
      unschedulable: false,
      taints: [{ key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' }],
      machineId: 'b980610cfaa9d05a321a87e4251dd80c',
      addresses: [
        { type: 'InternalIP', address: '10.88.0.11' },
        { type: 'Hostname', address: 'cp1' },
      ],
      kubeProxyVersion: '1.20.2',
      readyReason: 'KubeletReady: kubelet is posting ready status',
    });
  });

  it('reads a node that never reported, and one of 1.36, which names no kube-proxy', () => {
    const item = {
      metadata: { name: 'a' },
      spec: { unschedulable: true },
      status: { nodeInfo: { kubeletVersion: 'v1.36.0' } },
    };
    expect(parseNodes(JSON.stringify({ items: [item] }))[0]).toMatchObject({
      ready: false,
      unschedulable: true,
      kubeProxyVersion: '',
      readyReason: 'it never reported its condition',
      controlPlane: false,
    });
  });

  it('says what is wrong with an answer that is no list of nodes', () => {
    expect(() => parseNodes('')).toThrow('not JSON');
    expect(() => parseNodes('{"items": [{"metadata": {}}]}')).toThrow('items[0].metadata.name');
  });
});

describe('pods', () => {
  it('reads mirrors, controllers and emptyDirs of a real cluster', () => {
    const named = (name: string) => pods.find((pod) => pod.name.startsWith(name));
    expect(pods).toHaveLength(30);
    expect(named('naked')?.controller).toBeUndefined();
    expect(named('scratch')).toMatchObject({
      emptyDirs: ['tmp'],
      controller: { kind: 'ReplicaSet' },
      node: 'w1',
      ready: true,
    });
    expect(named('kube-apiserver-cp1')).toMatchObject({ mirror: true, images: ['k8s.gcr.io/kube-apiserver:v1.20.2'] });
    expect(named('agent')).toMatchObject({ mirror: false, controller: { kind: 'DaemonSet' }, phase: 'Running' });
  });

  it('reads what the scheduler needs to know of them', () => {
    expect(pods.find((pod) => pod.name.startsWith('coredns'))).toMatchObject({
      requests: { cpu: 100, memory: 70 * 2 ** 20 },
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: expect.arrayContaining([{ key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' }]),
    });
    expect(nodes.find((node) => node.name === 'w1')?.allocatable).toMatchObject({ cpu: expect.any(Number), pods: 110 });
  });

  it('refuses a line that is none of a pod', () => {
    expect(() => parsePods('demo\tweb-1\n')).toThrow('not a line about a pod');
  });
});

describe('pdbs', () => {
  it('reads the real budget', () => {
    expect(parsePdbs(fixture('pdbs.json'))).toEqual([
      {
        namespace: 'demo',
        name: 'web',
        selector: { matchLabels: { app: 'web' }, matchExpressions: [] },
        minAvailable: '2',
        disruptionsAllowed: 1,
        expectedPods: 3,
        currentHealthy: 3,
        desiredHealthy: 2,
        generation: 1,
        observedGeneration: 1,
      },
    ]);
  });

  it('takes an empty selector for all pods in policy/v1 and for none in v1beta1', () => {
    const item = (apiVersion: string) => ({
      apiVersion,
      metadata: { namespace: 'a', name: 'b' },
      spec: { selector: {}, maxUnavailable: '25%' },
    });
    const [all, none] = parsePdbs(JSON.stringify({ items: [item('policy/v1'), item('policy/v1beta1')] }));
    expect(all && selects(all.selector, { app: 'x' })).toBe(true);
    expect(none && selects(none.selector, { app: 'x' })).toBe(false);
    expect(all?.maxUnavailable).toBe('25%');
  });
});

describe('kubeadm-config, kube-proxy and leases', () => {
  it('reads the real ConfigMap', () => {
    const expected = {
      kubernetesVersion: '1.20.2',
      controlPlaneEndpoint: '10.88.0.1:6443',
      imageRepository: 'k8s.gcr.io',
    };
    const fact = parseKubeadmConfig(fixture('kubeadm-config.txt'));
    expect(fact).toMatchObject(expected);
    expect(fact.extra?.['kube-apiserver']).toEqual({
      flags: [{ name: 'authorization-mode', value: 'Node,RBAC' }],
      volumes: [],
    });
  });

  it('refuses a ConfigMap without ClusterConfiguration', () => {
    expect(() => parseKubeadmConfig('{"data": {}}')).toThrow('no ClusterConfiguration');
    expect(() => parseKubeadmConfig('{"data": {"ClusterConfiguration": "a: b"}}')).toThrow('no kubernetesVersion');
  });

  it('reads the real kube-proxy, and a cluster without one', () => {
    const list = JSON.parse(fixture('daemonsets.json')) as { items: { metadata: { name: string } }[] };
    const proxy = list.items.find((item) => item.metadata.name === 'kube-proxy');
    expect(parseKubeProxy(JSON.stringify(proxy))).toEqual({ version: '1.20.2', desired: 5, updated: 5, available: 5 });
    expect(parseKubeProxy('\n')).toEqual({ desired: 0, updated: 0, available: 0 });
  });

  it('counts nothing as updated while the DaemonSet is of an unseen generation', () => {
    const daemonSet = {
      metadata: { generation: 2 },
      spec: { template: { spec: { containers: [{ image: 'registry.k8s.io/kube-proxy:v1.32.9' }] } } },
      status: { observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 },
    };
    expect(parseKubeProxy(JSON.stringify(daemonSet))).toEqual({
      version: '1.32.9',
      desired: 3,
      updated: 0,
      available: 3,
    });
  });

  it('reads the real leases', () => {
    expect(parseLeases(fixture('leases.json'))[0]).toEqual({ node: 'cp1', renewTime: '2026-11-21T02:00:38.594784Z' });
  });
});

describe('API servers', () => {
  it('are asked where their pods say, on each control plane', () => {
    const announced = parseApiServerEndpoints(fixture('pods.json'));
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
