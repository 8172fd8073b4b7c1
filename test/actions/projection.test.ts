import { assert, boolean, constantFrom, option, property, record, subarray } from 'fast-check';
import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { actionNamed, contextFor, type Setting } from './cluster.ts';

const WITH: Readonly<Record<string, object>> = {
  prefetch: { version: '1.32.9' },
  'package-repo': { version: '1.32.9' },
  'install-packages': { packages: ['kubelet', 'kubectl'], version: '1.32.9' },
  'kubeadm-upgrade-plan': { version: '1.32.9' },
  'kubeadm-upgrade-apply': { version: '1.32.9' },
  'kubeadm-upgrade-node': { version: '1.32.9' },
  drain: {},
  cordon: {},
  uncordon: {},
  'restart-kubelet': {},
  'wait-node-ready': {},
  'verify-runtime': { version: '2.0' },
  'verify-cluster': { version: '1.32.9' },
  'os-upgrade': {},
  reboot: {},
  'renew-certificates': {},
  service: { name: 'web', state: 'started', enabled: true },
  'join-node': {},
  'reset-node': {},
  'remove-node': {},
  'join-control-plane': {},
  'remove-control-plane': {},
  approve: { message: 'Go on?' },
  wait: { command: 'true' },
  require: { command: 'true' },
  copy: { src: 'motd', dest: '/etc/motd' },
  'etcd-snapshot': { dest: 'backups' },
  'backup-resources': { dest: 'backups' },
  'etcd-move-leader': {},
  'etcd-prepare': { snapshot: 'etcd.db' },
  'etcd-stop': {},
  'etcd-restore': {},
  'etcd-start': {},
};

const arbitrary = record({
  node: constantFrom('cp-1', 'cp-2', 'w-1'),
  version: constantFrom('1.31.9', '1.32.5', '1.32.9'),
  binary: option(constantFrom('1.31.9', '1.32.9')),
  held: subarray(['kubeadm', 'kubectl', 'kubelet', 'kubernetes-cni']),
  heldBefore: option(subarray(['kubeadm', 'kubectl', 'kubelet', 'kubernetes-cni'])),
  unschedulable: boolean(),
  cordonedBefore: boolean(),
  mark: option(constantFrom('run-7', 'run-3')),
  ready: boolean(),
  active: boolean(),
  answers: boolean(),
  sources: subarray(['1.30', '1.31', '1.32']),
  baseUrl: option(constantFrom('https://new.example', 'https://pkgs.k8s.io/')),
  proxy: boolean(),
});
type Arbitrary = typeof arbitrary extends { generate(...args: never[]): { value: infer T } } ? T : never;

/** Clusters in all sorts of states that an upgrade may meet halfway. */
function settingOf(a: Arbitrary): Setting {
  return {
    node: a.node,
    version: a.version,
    machine: (facts) => ({
      ...facts,
      binaries: { ...facts.binaries, kubelet: a.binary ?? a.version },
      packages: { installed: facts.packages?.installed ?? {}, held: a.held },
      kubelet: {
        active: a.active,
        healthy: a.active,
        nodeName: `${a.node}.example`,
        startedAt: 1000,
        binaryChangedAt: 2000,
      },
      repository: {
        sources: a.sources.map((minor, index) => ({
          file: `/etc/apt/sources.list.d/${index % 2 === 0 ? 'kubernetes' : 'other'}.list`,
          line: index + 1,
          format: 'list',
          enabled: index < 2,
          url: `https://pkgs.k8s.io/core:/stable:/v${minor}/deb/`,
          baseUrl: 'https://pkgs.k8s.io',
          channel: 'stable',
          minor,
        })),
      },
    }),
    object: (node) => ({
      ...node,
      unschedulable: a.unschedulable,
      ready: a.ready,
      annotations: a.mark === null ? {} : { 'runbook/cordoned-by': a.mark },
    }),
    cluster: (cluster) => ({
      ...cluster,
      etcd: { external: false, members: ['cp-1', 'cp-2'].map(member) },
      ...(a.proxy ? {} : { kubeProxy: { desired: 0, updated: 0, available: 0 } }),
      apiServers: (cluster.apiServers ?? []).map((server) =>
        a.answers || server.node !== `${a.node}.example`
          ? server
          : { ...server, ready: false, error: 'connection refused' },
      ),
    }),
    before: { unschedulable: a.cordonedBefore, held: a.heldBefore ?? a.held },
    settings: a.baseUrl === null ? {} : { packagesBaseUrl: a.baseUrl },
  };
}

function member(node: string) {
  const [id, name, leader] = [`id-${node}`, `${node}.example`, node === 'cp-1'];
  return { id, name, peerUrls: [], clientUrls: [], learner: false, healthy: true, leader, alarms: [] };
}

const names = [...actions.keys()];

test('every action is tried here', () => {
  expect(Object.keys(WITH).toSorted()).toEqual(names.toSorted());
});

// These change nothing, and what they ask for no fact tells.
const asking = ['kubeadm-upgrade-plan', 'approve', 'wait', 'require'];
test.each(names.filter((name) => !asking.includes(name)))(
  '%s is done on the facts as they will be after it, whatever they were',
  (name) => {
    assert(
      property(arbitrary, (a) => {
        if (name === 'kubeadm-upgrade-apply' && a.node === 'w-1') return;
        const action = actionNamed(name);
        const context = contextFor(name, WITH[name] ?? {}, settingOf(a));
        const facts = action.project(context);
        expect(action.isDone({ ...context, facts })).toMatchObject({ done: true });
        expect(action.project({ ...context, facts })).toEqual(facts);
      }),
      { numRuns: 300 },
    );
  },
);

test('every action names itself, its facts and its guards once, and describes each key of its `with`', () => {
  for (const [name, action] of actions) {
    expect(action.name).toBe(name);
    expect(new Set(action.facts).size).toBe(action.facts.length);
    expect(new Set(action.guards).size).toBe(action.guards.length);
    const schema = JSON.parse(JSON.stringify(action.schema.toJSONSchema({ io: 'input' })));
    expect(schema.additionalProperties).toBe(false);
    for (const [key, property] of Object.entries(schema.properties)) {
      expect(property, `${name}.${key}`).toHaveProperty('description');
    }
  }
});

test('the commands shown are in the script', () => {
  for (const name of [
    'kubeadm-upgrade-plan',
    'kubeadm-upgrade-apply',
    'kubeadm-upgrade-node',
    'drain',
    'restart-kubelet',
  ]) {
    const context = contextFor(name, WITH[name] ?? {}, { node: 'cp-1' });
    const script = actionNamed(name).script?.(context);
    for (const command of script?.commands ?? ['none']) expect(script?.text).toContain(command);
  }
});
