import { describe, expect, test } from 'vitest';
import type { ClusterFacts, NodeFacts } from '../../src/facts/facts.ts';
import type { KubeletFact } from '../../src/facts/kubelet.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';
import { actionNamed, contextFor, isDone, scriptOf, type Setting } from './cluster.ts';

const AT = { version: '1.32.9' };

function dns(version: string) {
  return { corefile: '.:53 {\n}\n', image: `registry.k8s.io/coredns/coredns:v${version}` };
}

function alone(version: string) {
  return { apiServers: [{ node: 'cp-1.example', endpoint: 'cp-1:6443', version, ready: true }] };
}

test('the first control plane is done when API server, static pods and kubeadm-config are at the version', () => {
  const on = (setting: Setting) => isDone('kubeadm-upgrade-apply', AT, { node: 'cp-1', version: '1.32.9', ...setting });
  expect(on({})).toEqual({ done: true, reason: 'the control plane of cp-1 and kubeadm-config are at 1.32.9' });
  expect(on({ cluster: (c) => ({ ...c, kubeadmConfig: { kubernetesVersion: '1.31.9' } }) }).reason).toBe(
    'kubeadm-config says 1.31.9, not 1.32.9',
  );
  const late = (c: { apiServers?: readonly object[] }) => ({
    ...c,
    apiServers: [{ ...c.apiServers?.[0], version: '1.31.9' }],
  });
  expect(on({ cluster: late as never }).reason).toBe('the API server of cp-1 answers with 1.31.9, not 1.32.9');
  const old = { image: 'registry.k8s.io/kube-scheduler:v1.31.9', tag: '1.31.9' };
  const machine: Setting['machine'] = (facts) => ({
    ...facts,
    staticPods: { components: { ...facts.staticPods?.components, 'kube-scheduler': old } },
  });
  expect(on({ machine }).reason).toBe('kube-scheduler is at 1.31.9, not 1.32.9');
});

describe('a part of what kubeadm upgrade does is not the whole', () => {
  const at = (version: string, change: Partial<ClusterFacts>, more: Setting = {}): Setting => ({
    node: 'cp-1',
    version,
    cluster: (c) => ({ ...c, coreDns: dns('1.11.3'), kubeletConfig: { featureGates: {} }, ...change }),
    ...more,
  });
  const proxy = (version: string, more: object = {}) => ({
    kubeProxy: { version, desired: 3, updated: 3, available: 3, ...more },
  });
  const behind = {
    apiServers: [
      { node: 'cp-1.example', endpoint: 'cp-1:6443', version: '1.32.9', ready: true },
      { node: 'cp-2.example', endpoint: 'cp-2:6443', version: '1.31.9', ready: true },
    ],
  };
  const pinned = { kubernetesVersion: '1.32.9', dns: { imageTag: 'v1.10.0' } };
  const etcd = (tag: string): Setting => ({
    machine: (facts) => ({
      ...facts,
      staticPods: { components: { ...facts.staticPods?.components, etcd: { image: `etcd:${tag}`, tag } } },
    }),
  });

  /** kubeadm of the release has said which etcd it brings. */
  const lists = (wanted: string, now: string): Setting => ({
    machine: (facts) => ({
      ...(etcd(now).machine?.(facts) ?? facts),
      prefetched: { archives: {}, needs: { '1.32.9': [`registry.k8s.io/etcd:${wanted}`] }, images: [] },
    }),
  });
  /** kubeadm of the release has said which CoreDNS it brings. */
  const listed: Setting = {
    machine: (facts) => ({
      ...facts,
      prefetched: { archives: {}, needs: { '1.32.9': ['registry.k8s.io/coredns/coredns:v1.11.3'] }, images: [] },
    }),
  };

  test.each<[string, string, object, Setting, string]>([
    ['kube-proxy is old', 'apply', {}, at('1.32.9', proxy('1.31.9')), 'kube-proxy is at 1.31.9, not 1.32.9'],
    [
      'CoreDNS is older than what kubeadm listed',
      'apply',
      {},
      at('1.32.9', { coreDns: dns('1.11.1') }, listed),
      'CoreDNS is at 1.11.1, not 1.11.3',
    ],
    [
      'kubelet-config is missing',
      'apply',
      {},
      at('1.32.9', { kubeletConfig: { missing: true, featureGates: {} } }),
      'the ConfigMap kubelet-config is missing',
    ],
    [
      'etcd did not move',
      'apply',
      {},
      at('1.32.9', {}, etcd('3.5.15-0')),
      'etcd is at 3.5.15, and 1.32.9 brings 3.5.16',
    ],
    [
      'etcd did not move to what kubeadm listed',
      'apply',
      {},
      at('1.32.9', {}, lists('3.5.30-0', '3.5.24-0')),
      'etcd is at 3.5.24, and 1.32.9 brings 3.5.30',
    ],
    [
      'another check of that name is ignored',
      'apply',
      { ignorePreflightErrors: 'CoreDNSOther' },
      at('1.32.9', { coreDns: dns('1.10.1') }, listed),
      'CoreDNS is at 1.10.1, not 1.11.3',
    ],
    [
      'the last control plane owes the addons',
      'node',
      {},
      at('1.32.9', proxy('1.31.9')),
      'kube-proxy is at 1.31.9, not 1.32.9',
    ],
    [
      'the first one owes them before 1.28',
      'apply',
      {},
      at('1.27.1', proxy('1.26.1')),
      'kube-proxy is at 1.26.1, not 1.27.1',
    ],
  ])('not done: %s', (_, verb, options, setting, reason) => {
    expect(isDone(`kubeadm-upgrade-${verb}`, { ...AT, version: setting.version, ...options }, setting)).toEqual({
      done: false,
      reason,
    });
  });

  test.each<[string, string, object, Setting]>([
    ['another control plane is to come', 'apply', {}, at('1.32.9', { ...behind, ...proxy('1.31.9') })],
    ['a further one never owes them before 1.28', 'node', {}, at('1.27.1', proxy('1.26.1'))],
    [
      'the cluster has neither',
      'apply',
      {},
      at('1.32.9', { coreDns: {}, kubeProxy: { desired: 0, updated: 0, available: 0 } }),
    ],
    ['kube-proxy is not of kubeadm', 'apply', {}, at('1.32.9', proxy('1.31.9', { unmanaged: true }))],
    [
      'the phase was skipped',
      'apply',
      { skipPhases: ['addon'] },
      at('1.32.9', { ...proxy('1.31.9'), coreDns: dns('1.10.1') }, listed),
    ],
    ['the part was skipped', 'node', { skipPhases: ['addon/kube-proxy'] }, at('1.32.9', proxy('1.31.9'))],
    [
      'its Corefile cannot be migrated, knowingly',
      'apply',
      { ignorePreflightErrors: ['CoreDNSMigration'] },
      at('1.32.9', { coreDns: dns('1.10.1') }, listed),
    ],
    [
      'the same in another case',
      'apply',
      { ignorePreflightErrors: 'corednsmigration' },
      at('1.32.9', { coreDns: dns('1.10.1') }, listed),
    ],
    ['CoreDNS is pinned', 'apply', {}, at('1.32.9', { coreDns: dns('1.10.0'), kubeadmConfig: pinned }, listed)],
    ['kubeadm was not asked which CoreDNS it brings', 'apply', {}, at('1.32.9', { coreDns: dns('1.10.0') })],
    ['the table has a newer etcd than kubeadm listed', 'apply', {}, at('1.32.9', {}, lists('3.5.15-0', '3.5.15-0'))],
    ['etcd is left alone', 'apply', { etcdUpgrade: false }, at('1.32.9', {}, etcd('3.5.15-0'))],
    [
      'kubelet-config had another name before 1.24',
      'apply',
      {},
      at('1.23.1', { coreDns: dns('1.8.6'), kubeletConfig: { missing: true, featureGates: {} } }),
    ],
  ])('done: %s', (_, verb, options, setting) => {
    expect(isDone(`kubeadm-upgrade-${verb}`, { ...AT, version: setting.version, ...options }, setting)).toMatchObject({
      done: true,
    });
  });

  test('a kubeadm that was cut off is run again, whatever the versions say', () => {
    for (const [verb, node] of [
      ['apply', 'cp-1'],
      ['node', 'cp-2'],
      ['node', 'w-1'],
    ] as const) {
      const action = actionNamed(`kubeadm-upgrade-${verb}`);
      const context = contextFor(action.name, AT, { ...at('1.32.9', {}), node });
      expect(action.isDone(context).done).toBe(true);
      expect(action.isDone({ ...context, cutOff: true })).toMatchObject({
        done: false,
        reason: expect.stringContaining('it is run again'),
      });
    }
  });

  test('what is projected is what is asked for', () => {
    const from = at('1.31.9', { ...proxy('1.31.9'), coreDns: dns('1.10.1'), ...alone('1.31.9') }, listed);
    const apply = actionNamed('kubeadm-upgrade-apply');
    const context = contextFor(apply.name, AT, from);
    expect(apply.isDone({ ...context, facts: apply.project(context) })).toMatchObject({ done: true });
  });

  test('phases cannot be skipped by an apply before 1.32', () => {
    const reason = (version: string) => {
      const options = { version, skipPhases: ['addon'] };
      const apply = actionNamed('kubeadm-upgrade-apply');
      return apply.unsupported?.(contextFor(apply.name, options, { node: 'cp-1' }));
    };
    expect(reason('1.31.9')).toContain('no phases to skip before 1.32');
    expect(reason('1.32.0')).toBeUndefined();
  });

  test('a cluster is not at a version while a part of kubeadm is old or gone, and the cure is named', () => {
    const verify = (change: Partial<ClusterFacts>, addons?: Readonly<Record<string, number>>) => {
      const context = contextFor('verify-cluster', AT, at('1.32.9', change));
      return actionNamed('verify-cluster').isDone({ ...context, ...(addons && { addons }) });
    };
    expect(verify({}, { 'kube-proxy': 0, coredns: 0 })).toMatchObject({ done: true });
    expect(verify(proxy('1.31.9')).reason).toBe(
      'kube-proxy is at 1.31.9, not 1.32.9 (`kubeadm upgrade apply v1.32.9` on a control plane, again, brings it)',
    );
    expect(verify({ kubeletConfig: { missing: true, featureGates: {} } }).reason).toContain(
      'kubeadm init phase upload-config kubelet',
    );
    expect(verify({ coreDns: {} }, { 'kube-proxy': 0, coredns: 0 }).reason).toContain(
      'coredns was there when the run was planned, and is gone (`kubeadm init phase addon coredns',
    );
    expect(verify({ coreDns: {} }, { 'kube-proxy': 0 })).toMatchObject({ done: true });
    expect(verify({ coreDns: { ...dns('1.11.3'), rollout: { desired: 2, updated: 1, available: 2 } } }).reason).toBe(
      'CoreDNS is still rolling out: 1 updated and 2 available of 2',
    );
    const pending = (available: number) => ({
      coreDns: { ...dns('1.11.3'), rollout: { desired: 3, updated: 3, available } },
    });
    expect(verify(pending(2), { coredns: 0 }).reason).toContain('2 available of 3');
    expect(verify(pending(1), { coredns: 1 }).reason).toContain('1 available of 3');
    expect(verify(pending(2), { coredns: 1 })).toMatchObject({
      done: true,
      reason: expect.stringContaining('CoreDNS has 2 of 3 pods available, no fewer than when planned'),
    });
  });
});

test('flags of kubeadm are handed on, quoted', () => {
  const options = {
    patches: '/etc/k8s patches',
    certificateRenewal: false,
    etcdUpgrade: false,
    ignorePreflightErrors: ['CreateJob', 'Swap'],
  };
  expect(scriptOf('kubeadm-upgrade-apply', { ...AT, ...options }, { node: 'cp-1' }).commands).toEqual([
    "kubeadm upgrade apply -y v1.32.9 '--patches=/etc/k8s patches' --certificate-renewal=false --etcd-upgrade=false --ignore-preflight-errors=CreateJob,Swap",
  ]);
  expect(scriptOf('kubeadm-upgrade-node', AT).commands).toEqual(['kubeadm upgrade node']);
  expect(scriptOf('kubeadm-upgrade-plan', AT).commands).toEqual(['kubeadm upgrade plan v1.32.9']);
});

test('options of kubeadm come from inputs of a runbook: with commas, empty where nothing is said', () => {
  const inputs = {
    patches: '',
    etcdUpgrade: true,
    ignorePreflightErrors: 'CreateJob, Swap',
    skipPhases: 'upload-config,addon',
  };
  expect(scriptOf('kubeadm-upgrade-apply', { ...AT, ...inputs }, { node: 'cp-1' }).commands).toEqual([
    'kubeadm upgrade apply -y v1.32.9 --ignore-preflight-errors=CreateJob,Swap --skip-phases=upload-config,addon',
  ]);
  // `kubeadm upgrade node` has no phase of that name, and would refuse it.
  expect(scriptOf('kubeadm-upgrade-node', { ...AT, ...inputs, ignorePreflightErrors: '' }).commands).toEqual([
    'kubeadm upgrade node --skip-phases=addon',
  ]);
  const { schema } = actionNamed('kubeadm-upgrade-node');
  for (const wrong of [{ skipPhases: 'adons' }, { patches: 'patches' }, { ignorePreflightErrors: 'a b' }])
    expect(schema.safeParse({ ...AT, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
});

function projectedEtcd(now: string, version: string, options: object = {}): string | undefined {
  const image = `registry.k8s.io/etcd:${now}`;
  const machine = (facts: NodeFacts): NodeFacts => ({
    ...facts,
    staticPods: { components: { ...facts.staticPods?.components, etcd: { image, tag: now } } },
  });
  const setting = { node: 'cp-1', version: '1.33.4', machine };
  const context = contextFor('kubeadm-upgrade-apply', { version, ...options }, setting);
  const after = actionNamed('kubeadm-upgrade-apply').project(context).nodes['cp-1']?.staticPods?.components;
  return after?.['etcd']?.tag;
}

test.each([
  ['3.5.15-0', '1.29.15', '3.5.15-0+', 'the table does not know what 1.29.15 brings'],
  ['3.5.15-0+', '1.33.12', '3.5.26-0+', 'an older patch may have brought a newer one'],
  ['3.5.26-0+', '1.34.3', '3.6.5-0', 'no patch before has brought 3.6'],
  ['3.6.5-0', '1.35.1', '3.6.6-0', 'it is known'],
  ['3.6.9-0', '1.36.4', '3.6.9-0', 'kubeadm never takes etcd back'],
  ['3.5.15-0', '1.31.14', '3.5.24-0', 'its kubeadm was changed for it'],
])('after %s, %s leaves %s: %s', (now, version, tag) => {
  expect(projectedEtcd(now, version)).toBe(tag);
});

test.each([
  [{}, '3.6.4-0'],
  [{ etcdUpgrade: false }, '3.5.24-0'],
  [{ skipPhases: ['control-plane'] }, '3.5.24-0'],
])('etcd moves with the control plane, unless the step %j leaves it', (options, tag) => {
  expect(projectedEtcd('3.5.24-0', '1.34.1', options)).toBe(tag);
});

test('kube-proxy moves with the last control plane from 1.28 on, and with the first before', () => {
  const apply = actionNamed('kubeadm-upgrade-apply');
  const proxyAfter = (version: string, node: string, from: Setting) => {
    const context = contextFor('kubeadm-upgrade-apply', { version }, { node, ...from });
    return apply.project(context).cluster?.kubeProxy?.version;
  };
  expect(proxyAfter('1.32.9', 'cp-1', { version: '1.31.9' })).toBe('1.31.9');
  expect(proxyAfter('1.27.1', 'cp-1', { version: '1.26.9' })).toBe('1.27.1');
  const othersMoved: Setting = {
    version: '1.31.9',
    cluster: (c) => ({
      ...c,
      apiServers: (c.apiServers ?? []).map((one) =>
        one.node === 'cp-2.example' ? { ...one, version: '1.32.9' } : one,
      ),
    }),
  };
  expect(proxyAfter('1.32.9', 'cp-1', othersMoved)).toBe('1.32.9');
});

test('a worker has its configuration when its kubelet is at the version already', () => {
  expect(isDone('kubeadm-upgrade-node', AT, { version: '1.32.9' }).done).toBe(true);
  expect(isDone('kubeadm-upgrade-node', AT).reason).toBe(
    'the kubelet is at 1.31.9: its configuration for 1.32.9 comes first',
  );
  expect(actionNamed('kubeadm-upgrade-node').verify?.(contextFor('kubeadm-upgrade-node', AT), { nodes: {} }).done).toBe(
    true,
  );
});

test('a further control plane is not believed to be upgraded because kubeadm exited 0', () => {
  const context = contextFor('kubeadm-upgrade-node', AT, { node: 'cp-2' });
  expect(actionNamed('kubeadm-upgrade-node').verify?.(context, context.facts).reason).toContain(
    'the API server of cp-2 answers with 1.31.9, not 1.32.9',
  );
});

const kubelet = (change: Partial<KubeletFact>): Setting => ({
  machine: (facts) => ({ ...facts, kubelet: { active: true, healthy: true, ...facts.kubelet, ...change } }),
});

test.each<[string, Setting, string]>([
  [
    'another version runs',
    { object: (node) => ({ ...node, kubeletVersion: '1.31.8' }) },
    'the running kubelet is 1.31.8, not 1.31.9',
  ],
  [
    'it was started before its binary changed',
    kubelet({ startedAt: 900 }),
    'the kubelet was started before its binary changed',
  ],
  ['it is not active', kubelet({ active: false }), 'the kubelet is not active'],
])('a kubelet must be restarted when %s', (_, setting, reason) => {
  expect(isDone('restart-kubelet', {}, setting)).toEqual({ done: false, reason });
});

test('a kubelet that runs what is installed needs no restart, and one that is not installed yet is said so', () => {
  expect(isDone('restart-kubelet', {}).done).toBe(true);
  expect(isDone('restart-kubelet', AT).reason).toBe(
    'the installed kubelet is 1.31.9, not 1.32.9: it must be installed first',
  );
});

test('a restart counts only once the new process has renewed the lease', () => {
  const restart = actionNamed('restart-kubelet');
  const leaseAt = (renewTime: string): Setting => ({
    cluster: (c) => ({ ...c, leases: [{ node: 'w-1.example', renewTime }] }),
  });
  const before = contextFor('restart-kubelet', {}, leaseAt('1970-01-01T00:33:10Z'));
  const outcome = (renewTime: string, more: Setting = {}) =>
    restart.verify?.(contextFor('restart-kubelet', {}, { ...leaseAt(renewTime), ...more }), before.facts);
  const missing = 'the lease of w-1.example was not renewed since the restart';
  expect(outcome('1970-01-01T00:33:10Z')?.reason).toBe(missing);
  // Renewed once more by the old process, which ended at 2000 s.
  expect(outcome('1970-01-01T00:33:19Z')?.reason).toBe(missing);
  expect(outcome('1970-01-01T00:33:21Z')?.done).toBe(true);
  const unknownStart: Setting = {
    machine: (facts) => ({ ...facts, kubelet: { active: true, healthy: true, nodeName: 'w-1.example' } }),
  };
  expect(outcome('1970-01-01T00:33:10Z', unknownStart)?.reason).toBe(missing);
  expect(outcome('1970-01-01T00:33:20Z', unknownStart)?.done).toBe(true);
  const sick: Setting = {
    ...kubelet({ healthy: false }),
    object: (node) => ({ ...node, ready: false, readyReason: 'NotReady' }),
  };
  expect(outcome('1970-01-01T00:33:21Z', sick)?.reason).toBe(
    'its /healthz does not answer ok; w-1.example is not Ready (NotReady)',
  );
});

test('a restarted kubelet that is not Ready yet is enough once Kubernetes keeps pods away by a taint of its own', () => {
  const restart = actionNamed('restart-kubelet');
  const at = (renewTime: string, taints: NodeObject['taints'] = []): Setting => ({
    cluster: (c) => ({ ...c, leases: [{ node: 'w-1.example', renewTime }] }),
    object: (node) => ({ ...node, ready: false, readyReason: 'KubeletNotReady', taints }),
  });
  const before = contextFor('restart-kubelet', {}, at('1970-01-01T00:33:10Z'));
  const outcome = (taints: NodeObject['taints']) =>
    restart.verify?.(contextFor('restart-kubelet', {}, at('1970-01-01T00:33:21Z', taints)), before.facts);
  expect(outcome([])?.reason).toBe('w-1.example is not Ready (KubeletNotReady)');
  // Cordoned is not enough: that is what shall be taken away.
  expect(outcome([{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }])?.done).toBe(false);
  expect(outcome([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])).toEqual({
    done: true,
    reason:
      'the kubelet runs 1.31.9, is healthy and renews its lease; pods are kept away until it is Ready (KubeletNotReady)',
  });
  // Of a kubelet that went silent the taint is another one.
  expect(outcome([{ key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }])?.done).toBe(false);
});

test('waiting for a node names everything that is still missing', () => {
  const missing = isDone('wait-node-ready', AT, {
    node: 'cp-1',
    object: (node) => ({ ...node, ready: false, readyReason: 'KubeletNotReady' }),
    cluster: (c) => ({
      ...c,
      leases: (c.leases ?? []).map((lease, index) =>
        index === 0 ? { ...lease, renewTime: '1970-01-01T00:49:00Z' } : lease,
      ),
      apiServers: [],
      pods: (c.pods ?? []).filter((one) => one.name !== 'etcd-cp-1.example'),
    }),
  });
  expect(missing.reason.split('; ')).toEqual([
    'cp-1.example is not Ready (KubeletNotReady)',
    'its kubelet is 1.31.9, not 1.32.9',
    "its lease is 60 s behind the other nodes'",
    'the pod etcd-cp-1.example is missing',
    'the API server of cp-1 does not answer',
  ]);
  expect(isDone('wait-node-ready', {}, { node: 'cp-1' }).done).toBe(true);
  expect(isDone('wait-node-ready', {}).reason).toBe('w-1.example is Ready with kubelet 1.31.9');
  const installed = (kubelet: Partial<KubeletFact>): Setting => ({
    machine: (facts) => ({
      ...facts,
      binaries: { kubelet: '1.32.9' },
      kubelet: { active: true, healthy: true, ...kubelet },
    }),
  });
  expect(isDone('wait-node-ready', {}, installed({ startedAt: 200, binaryChangedAt: 100 })).done).toBe(false);
  // No waiting restarts it: a later step does.
  expect(isDone('wait-node-ready', {}, installed({ startedAt: 100, binaryChangedAt: 200 })).done).toBe(true);
});

test('a Ready from before the kubelet started counts for nothing, whatever the other leases say', () => {
  const started = (seconds: number, heartbeat: string, active = true): Setting => ({
    machine: (facts) => ({ ...facts, kubelet: { active, healthy: true, startedAt: seconds, binaryChangedAt: 1000 } }),
    object: (node) => ({ ...node, heartbeat }),
  });
  // All leases are of 00:50:00, as after a restore: 3000 s.
  expect(isDone('wait-node-ready', {}, started(3100, '1970-01-01T00:49:00Z')).reason).toBe(
    'the lease of w-1.example was not renewed since its kubelet started; w-1.example has not reported since its kubelet started',
  );
  expect(isDone('wait-node-ready', {}, started(2990.7, '1970-01-01T00:49:49Z')).reason).toBe(
    'w-1.example has not reported since its kubelet started',
  );
  expect(isDone('wait-node-ready', {}, started(2990.7, '1970-01-01T00:49:50Z')).done).toBe(true);
  expect(isDone('wait-node-ready', {}, started(2000, '1970-01-01T00:49:50Z', false)).reason).toBe(
    'the kubelet of w-1 is not active',
  );
});

test('a cluster is verified with every API server, static pod, kubelet and kube-proxy at the version', () => {
  expect(isDone('verify-cluster', AT, { version: '1.32.9' }).reason).toBe(
    'the control plane and every kubelet is at 1.32.9, 3 nodes are Ready',
  );
  const old = (change: Partial<NodeObject>): Setting => ({
    version: '1.32.9',
    object: (node) => ({ ...node, ...change }),
  });
  expect(isDone('verify-cluster', AT, old({ kubeletVersion: '1.31.9' })).reason).toBe(
    'the kubelet of w-1.example is 1.31.9, not 1.32.9',
  );
  expect(isDone('verify-cluster', { ...AT, kubelets: false }, old({ kubeletVersion: '1.31.9' })).done).toBe(true);
  expect(isDone('verify-cluster', AT).done).toBe(false);
  const proxy = (kubeProxy: object): Setting => ({
    version: '1.32.9',
    cluster: (c) => ({ ...c, kubeProxy: kubeProxy as never }),
  });
  expect(isDone('verify-cluster', AT, proxy({ desired: 0, updated: 0, available: 0 })).done).toBe(true);
  expect(isDone('verify-cluster', AT, proxy({ version: '1.32.9', desired: 3, updated: 3, available: 2 })).reason).toBe(
    'kube-proxy is still rolling out: 3 updated and 2 available of 3',
  );
});

test("somebody else's cordon is told, ours is a failure", () => {
  const cordoned = (annotations: Record<string, string>): Setting => ({
    version: '1.32.9',
    object: (node) => ({ ...node, unschedulable: true, annotations }),
  });
  expect(isDone('verify-cluster', AT, cordoned({}))).toMatchObject({
    done: true,
    reason: expect.stringContaining('cordoned by someone else and left so: w-1.example'),
  });
  expect(isDone('verify-cluster', AT, cordoned({ 'runbook/cordoned-by': 'run-7' })).reason).toBe(
    'w-1.example is still cordoned by this program',
  );
});

test.each([
  ['1.6.20~ds1', '1.6.20', ['', '1.6', '1.6.20', '1.6.20~ds1']],
  ['1.7.12-0ubuntu2', '1.7.12-0ubuntu2', ['1.7', '1.7.12']],
  ['1.29.0+unknown', '1.29.0+unknown', ['1.29.0']],
  ['2.0.5', '2.0.5', ['v2.0']],
])('a kubelet reports a runtime at %s as %s', (running, reported, wanted) => {
  const on = (seen: string, version?: string) =>
    isDone('verify-runtime', version === undefined ? {} : { version }, {
      machine: (facts) => ({ ...facts, runtime: { name: 'containerd', version: running } }),
      object: (object) => ({ ...object, ready: true, containerRuntime: `containerd://${seen}` }),
    });
  for (const version of [undefined, ...wanted])
    expect(on(reported, version).reason).toContain(`is Ready with containerd://${reported}`);
  expect(on(reported, '9.1').reason).toContain(`the runtime is containerd ${running}, not 9.1`);
  expect(on('1.5.9').reason).toContain(`the runtime is ${running}, the kubelet still reports 1.5.9`);
});
