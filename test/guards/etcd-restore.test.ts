import { expect, test } from 'vitest';
import type { EtcdHostFact } from '../../src/facts/etcd-host.ts';
import { etcdStart } from '../../src/actions/etcd-start.ts';
import type { Action } from '../../src/actions/action.ts';
import { bindStep } from '../../src/actions/bound-step.ts';
import { etcdRestore } from '../../src/actions/etcd-restore.ts';
import { etcdMembersStopped } from '../../src/guards/etcd-members-stopped.ts';
import { etcdOldData } from '../../src/guards/etcd-old-data.ts';
import type { GuardNode } from '../../src/guards/guard.ts';

const RUN = '20261121-etcd-restore-1';
const stopped: EtcdHostFact = {
  kind: 'pod',
  running: false,
  apiServer: false,
  hasData: true,
  dataDir: '/var/lib/etcd',
  marks: { [RUN]: ['prepared', 'stopped'] },
};

/** What both guards say before a member is restored on cp-1. */
function ask(
  hosts: Readonly<Record<string, EtcdHostFact>>,
  action: Action<Record<string, never>> = etcdRestore,
  run: string | undefined = RUN,
) {
  const nodes = Object.keys(hosts).map((name): GuardNode => ({ name, host: name, role: 'control-plane' }));
  const before = { nodes: Object.fromEntries(Object.entries(hosts).map(([name, etcdHost]) => [name, { etcdHost }])) };
  const [node] = nodes;
  if (!node) throw new Error('no node');
  const input = { nodes, before, after: before, step: bindStep('4.1', node, action, {}), ...(run ? { run } : {}) };
  return [etcdMembersStopped, etcdOldData].flatMap((guard) =>
    guard.check(input).map((finding) => `${finding.severity} ${finding.guard} ${finding.node ?? ''}`),
  );
}

const aside = (...marks: string[]): EtcdHostFact => ({ ...stopped, aside: [RUN], marks: { [RUN]: marks } });

test.each<[string, Readonly<Record<string, EtcdHostFact>>, readonly string[]]>([
  ['nothing of stopped members with their data in place', { 'cp-1': stopped, 'cp-2': stopped }, []],
  [
    'which member runs, be it another one',
    { 'cp-1': stopped, 'cp-2': { ...stopped, running: true } },
    ['refuse etcd-members-stopped cp-2'],
  ],
  ['that new data would be overwritten', { 'cp-1': aside('stopped') }, ['refuse etcd-old-data cp-1']],
  ['nothing of what another run has moved aside', { 'cp-1': { ...stopped, aside: ['another'] } }, []],
  ['nothing of data that are being put in place', { 'cp-1': aside('stopped', 'placing') }, []],
  [
    'nothing where the old data are aside and nothing has come since',
    { 'cp-1': { ...aside('stopped'), hasData: false } },
    [],
  ],
])('before a restore they tell %s', (_, hosts, findings) => {
  expect(ask(hosts)).toEqual(findings);
});

test('other steps, and plans, are not judged by what a run has come to', () => {
  const running = { 'cp-1': { ...aside('stopped'), running: true } };
  expect(ask(running, etcdStart)).toEqual([]);
  expect(ask({ 'cp-1': aside('stopped') }, etcdRestore, '')).toEqual([]);
});
