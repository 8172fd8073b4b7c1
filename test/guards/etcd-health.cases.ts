import type { EtcdFact, EtcdMember } from '../../src/facts/etcd.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { GuardCase } from './cases.ts';
import { addressOf, sketch, stepOn } from './cluster.ts';

function cluster(count: number, etcd: EtcdFact | undefined): Facts {
  const names = Array.from({ length: count }, (_, index) => `cp${index + 1}`);
  const facts = sketch({
    apiServers: Object.fromEntries(names.map((name) => [name, '1.31.9'])),
    kubelets: Object.fromEntries([...names, 'w1'].map((name) => [name, '1.31.9'])),
  });
  return { ...facts, cluster: { ...facts.cluster, ...(etcd ? { etcd } : {}) } };
}

function members(count: number, changes: Readonly<Record<string, Partial<EtcdMember>>> = {}): EtcdMember[] {
  return Array.from({ length: count }, (_, index): EtcdMember => {
    const name = `cp${index + 1}`;
    return {
      id: `a${index + 1}`,
      name,
      peerUrls: [`https://${addressOf(name)}:2380`],
      clientUrls: [`https://${addressOf(name)}:2379`],
      learner: false,
      healthy: true,
      version: '3.5.24',
      raftIndex: 1813,
      follows: 'a1',
      leader: index === 0,
      alarms: [],
      ...changes[name],
    };
  });
}

const stacked = (list: readonly EtcdMember[]): EtcdFact => ({ external: false, source: 'etcd-cp1', members: list });
const apply = stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9' });
const second = stepOn('cp2', 'kubeadm-upgrade-node', { version: '1.32.9' });
/** As a member looks whose machine is off. */
const dead = (name: string, id: string): EtcdMember => ({
  id,
  name,
  peerUrls: [`https://${addressOf(name)}:2380`],
  clientUrls: [`https://${addressOf(name)}:2379`],
  learner: false,
  healthy: false,
  problem: 'context deadline exceeded',
  leader: false,
  alarms: [],
});
const three = members(3);
const withDead = [...three.slice(0, 2), dead('cp3', 'a3')];

export const etcdCases: readonly GuardCase[] = [
  { title: 'was not asked for', facts: cluster(3, undefined), finds: [] },
  { title: 'three healthy members', facts: cluster(3, stacked(three)), finds: [] },
  { title: 'three healthy members, before apply', facts: cluster(3, stacked(three)), step: apply, finds: [] },
  { title: 'five healthy members', facts: cluster(5, stacked(members(5))), step: apply, finds: [] },
  {
    title: 'one member: a note that the API is away while it restarts',
    facts: cluster(1, stacked(members(1))),
    step: apply,
    finds: [['note', 'etcd has one member']],
  },
  {
    title: 'two members: a note as well',
    facts: cluster(2, stacked(members(2))),
    finds: [['note', 'etcd has two members']],
  },
  {
    title: 'a dead member as the cluster stands: named, with its address and why',
    facts: cluster(3, stacked(withDead)),
    finds: [['refuse', 'the etcd member cp3 (https://10.0.1.3:2379) is not healthy: context deadline exceeded']],
    node: 'cp3',
  },
  {
    title: 'a dead member before another control plane: and the quorum would be lost',
    facts: cluster(3, stacked(withDead)),
    step: second,
    finds: [
      ['refuse', 'cp3'],
      [
        'refuse',
        'etcd would lose its quorum while cp2 restarts its member: 1 of 3 members would be left, 2 are needed',
      ],
    ],
  },
  {
    title: 'a dead member of five: the quorum holds, kubeadm would hang all the same',
    facts: cluster(5, stacked([...members(4), dead('cp5', 'a5')])),
    step: second,
    finds: [['refuse', 'cp5']],
  },
  {
    title: "the step's own member is the dead one: the others keep the quorum",
    facts: cluster(3, stacked([...three.slice(0, 1), dead('cp2', 'a2'), ...three.slice(2)])),
    step: second,
    finds: [['refuse', 'the etcd member cp2']],
    node: 'cp2',
  },
  {
    title: 'a dead member does not matter to a worker',
    facts: cluster(3, stacked(withDead)),
    step: stepOn('w1', 'kubeadm-upgrade-node'),
    finds: [],
  },
  {
    title: 'a learner',
    facts: cluster(3, stacked(members(3, { cp2: { learner: true, healthy: false } }))),
    finds: [
      ['refuse', 'the etcd member cp2 is a learner'],
      ['note', 'two members'],
    ],
  },
  {
    title: 'a member that never started',
    facts: cluster(3, stacked(members(3, { cp3: { name: '', clientUrls: [], healthy: false } }))),
    finds: [['refuse', 'the etcd member a3 (https://10.0.1.3:2380) was added but never started']],
  },
  {
    title: 'an alarm for want of space',
    facts: cluster(3, stacked(members(3, { cp1: { alarms: ['NOSPACE'] } }))),
    finds: [['refuse', 'the etcd member cp1 raised the alarm NOSPACE']],
  },
  {
    title: 'an alarm for damaged data',
    facts: cluster(3, stacked(members(3, { cp2: { alarms: ['CORRUPT'] } }))),
    finds: [['refuse', 'cp2 raised the alarm CORRUPT']],
  },
  {
    title: 'a member of a control plane that is gone: it still counts for the quorum',
    facts: cluster(3, stacked([...three, dead('cp9', 'a9')])),
    finds: [
      ['refuse', 'the etcd member cp9'],
      ['refuse', 'etcd has 4 members for 3 control planes: no control plane for the member cp9'],
    ],
  },
  {
    title: 'a control plane without a member',
    facts: cluster(3, stacked(members(2))),
    finds: [
      ['refuse', 'etcd has 2 members for 3 control planes: no member on cp3'],
      ['note', 'two members'],
    ],
  },
  {
    title: 'members that are named otherwise than their nodes are known by their addresses',
    facts: cluster(3, stacked(members(3, { cp1: { name: 'infra0' }, cp2: { name: 'infra1' } }))),
    step: second,
    finds: [],
  },
  {
    title: 'two leaders',
    facts: cluster(3, stacked(members(3, { cp3: { follows: 'a3', leader: true } }))),
    finds: [['refuse', 'do not agree on one leader: cp1 follows cp1, cp2 follows cp1, cp3 follows cp3']],
  },
  {
    title: 'no leader',
    facts: cluster(3, stacked(three.map(({ follows: _follows, ...rest }) => ({ ...rest, leader: false })))),
    finds: [['refuse', 'do not agree on one leader: cp1 follows nobody']],
  },
  {
    title: 'raft indexes that differ as on a busy cluster',
    facts: cluster(3, stacked(members(3, { cp1: { raftIndex: 2600 } }))),
    finds: [],
  },
  {
    title: 'a member that is behind',
    facts: cluster(3, stacked(members(3, { cp1: { raftIndex: 5000 }, cp2: { raftIndex: 4990 } }))),
    finds: [['warn', 'the etcd member cp3 is 3187 entries behind the others (raft index 1813 of 5000)']],
    node: 'cp3',
  },
  {
    title: 'a member that is far behind',
    facts: cluster(3, stacked(members(3, { cp1: { raftIndex: 90_000 }, cp2: { raftIndex: 90_000 } }))),
    finds: [['refuse', 'cp3 is 88187 entries behind']],
  },
  {
    title: 'stacked members that could not be asked',
    facts: cluster(3, { external: false, members: [], error: 'none of the pods answered: etcd-cp1' }),
    finds: [['warn', 'the health of etcd is not known: none of the pods answered: etcd-cp1']],
  },
  {
    title: 'an external etcd that could not be asked: kubeadm does not touch it',
    facts: cluster(3, { external: true, members: [], error: 'there is no etcdctl on this machine' }),
    finds: [['note', 'not known']],
  },
  {
    title: 'an external etcd of another size than the control plane',
    facts: cluster(2, { ...stacked(members(3, { cp3: { name: 'etcd3', leader: false } })), external: true }),
    finds: [],
  },
  {
    title: 'an external etcd with a dead member',
    facts: cluster(2, { ...stacked(withDead), external: true }),
    step: apply,
    finds: [['refuse', 'cp3']],
  },
  {
    title: 'members are told, their health is not',
    facts: cluster(3, stacked(three.map(({ healthy: _healthy, ...rest }) => rest))),
    finds: [['refuse', 'not whether they are healthy']],
  },
];
