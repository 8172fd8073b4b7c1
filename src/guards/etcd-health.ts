import type { EtcdFact, EtcdMember } from '../facts/etcd.ts';
import type { Facts } from '../facts/facts.ts';
import type { NodeObject } from '../facts/nodes.ts';
import { controlPlanesOf } from '../facts/lib/control-planes.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { hostOf } from '../actions/lib/own-member.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { withoutPassing } from './lib/passing.ts';
import { type Draft, listed, peopleName } from './lib/subject.ts';

/** Entries of the raft log. Members are asked one after another, so a busy cluster is never at one index. */
const behind = { warn: 1000, refuse: 10_000 };

export const etcdHealth: Guard = {
  id: 'etcd-health',
  title: 'Every member of etcd is started and healthy, and its control plane may restart',
  source: '"Operating etcd clusters for Kubernetes"; kubeadm upgrade restarts etcd and hangs on a dead member',
  facts: ['etcd', 'nodes', 'machine', 'kubelet'],
  scope: 'step',
  roles: ['control-plane'],
  check: (whole) => {
    const input = withoutPassing(whole);
    const etcd = input.before.cluster?.etcd;
    if (!etcd || (input.step && input.step.node.role !== 'control-plane')) return [];
    const drafts = etcd.error === undefined ? judge(etcd, input, input !== whole) : unknown(etcd, etcd.error);
    return drafts.map((draft): Finding => ({ guard: etcdHealth.id, source: etcdHealth.source, ...draft }));
  },
};

function unknown(etcd: EtcdFact, error: string): Draft[] {
  return [
    {
      severity: etcd.external ? 'note' : 'warn',
      summary: `the health of etcd is not known: ${error}`,
      remedy: etcd.external
        ? `Look at it yourself, with its own etcdctl: endpoint health --cluster${etcd.source === undefined ? '' : ` (endpoints ${etcd.source})`}.`
        : 'Look at the pods of etcd (kubectl -n kube-system get pods -l component=etcd) and their logs.',
    },
  ];
}

/** @param changes a member comes or goes: `removal` judges what that leaves */
function judge(etcd: EtcdFact, input: GuardInput, changes: boolean): Draft[] {
  const { before } = input;
  return [
    ...(etcd.members.every((member) => member.healthy === undefined) ? [silent(etcd)] : []),
    ...etcd.members.flatMap((member) => memberProblems(member, before)),
    ...(etcd.external ? [] : wrongNumber(etcd, before)),
    ...leaderProblems(etcd),
    ...raftProblems(etcd, before),
    ...(changes ? [] : quorum(etcd, input)),
  ];
}

function silent(etcd: EtcdFact): Draft {
  return {
    severity: 'refuse',
    summary: `etcd lists its members, but not whether they are healthy (asked through ${etcd.source ?? 'one of them'})`,
    remedy: 'Try etcdctl endpoint health --cluster there by hand.',
  };
}

function memberProblems(member: EtcdMember, facts: Facts): Draft[] {
  const name = nameOf(member);
  const at = nodeOf(member, facts);
  const found: Draft[] = [];
  if (member.name === '') {
    found.push({
      ...at,
      severity: 'refuse',
      summary: `the etcd member ${name} (${member.peerUrls.join(', ')}) was added but never started`,
      remedy: `Start it, or take it out: etcdctl member remove ${member.id}.`,
    });
  } else if (member.learner) {
    found.push({
      ...at,
      severity: 'refuse',
      summary: `the etcd member ${name} is a learner: it has no vote yet`,
      remedy: `Wait until it has caught up, then: etcdctl member promote ${member.id}.`,
    });
  } else if (member.healthy === false) {
    const why = member.problem === undefined ? 'it does not answer' : member.problem;
    found.push({
      ...at,
      severity: 'refuse',
      summary: `the etcd member ${name} (${member.clientUrls.join(', ')}) is not healthy: ${why}`,
      remedy: `Bring it back first: look at its node, and at crictl logs of its etcd container. If its node is gone permanently: etcdctl member remove ${member.id}, then join a new control plane.`,
    });
  }
  return [...found, ...member.alarms.map((alarm) => alarmed(name, alarm, at))];
}

function alarmed(name: string, alarm: string, at: { readonly node?: string }): Draft {
  return {
    ...at,
    severity: 'refuse',
    summary: `the etcd member ${name} raised the alarm ${alarm}`,
    remedy:
      alarm === 'NOSPACE'
        ? 'Compact and defragment it, then `etcdctl alarm disarm` ("etcd: maintenance", space quota).'
        : 'Take that member out and join it again from a healthy one ("etcd: data corruption").',
  };
}

/** Stacked: one member for each control plane. A member too many still counts for the quorum. */
function wrongNumber(etcd: EtcdFact, facts: Facts): Draft[] {
  const controlPlanes = controlPlanesOf(facts.cluster?.nodes ?? []);
  if (controlPlanes.length === 0 || controlPlanes.length === etcd.members.length) return [];
  const left = etcd.members.filter((member) => !controlPlanes.some((node) => belongs(member, node)));
  const without = controlPlanes.filter((node) => !etcd.members.some((member) => belongs(member, node)));
  const names = [
    ...left.map((member) => `no control plane for the member ${nameOf(member)}`),
    ...without.map((node) => `no member on ${peopleName(facts, node.name)}`),
  ];
  return [
    {
      severity: 'refuse',
      summary: `etcd has ${etcd.members.length} members for ${controlPlanes.length} control planes: ${listed(names)}`,
      remedy: left[0]
        ? `Take out the member that no node runs: etcdctl member remove ${left[0].id}.`
        : 'Look at the etcd manifest of that control plane; join it again if it has lost its member.',
    },
  ];
}

function leaderProblems(etcd: EtcdFact): Draft[] {
  const answered = etcd.members.filter((member) => member.version !== undefined);
  if (answered.length === 0) return [];
  const leaders = [...new Set(answered.flatMap((member) => member.follows ?? []))];
  const lost = answered.filter((member) => member.follows === undefined && !member.learner);
  if (leaders.length === 1 && lost.length === 0) return [];
  const seen = answered.map((member) => `${nameOf(member)} follows ${leaderName(etcd, member.follows)}`);
  return [
    {
      severity: 'refuse',
      summary: `the members of etcd do not agree on one leader: ${listed(seen)}`,
      remedy:
        'Wait for the election to end; if it does not, look at the network between the control planes and at their disks.',
    },
  ];
}

function leaderName(etcd: EtcdFact, id: string | undefined): string {
  const leader = etcd.members.find((member) => member.id === id);
  return leader ? nameOf(leader) : (id ?? 'nobody');
}

function raftProblems(etcd: EtcdFact, facts: Facts): Draft[] {
  const indexes = etcd.members.flatMap((member) => (member.raftIndex === undefined ? [] : [member.raftIndex]));
  const newest = Math.max(...indexes);
  return etcd.members.flatMap((member): Draft[] => {
    const missing = member.raftIndex === undefined ? 0 : newest - member.raftIndex;
    if (missing <= behind.warn) return [];
    return [
      {
        ...nodeOf(member, facts),
        severity: missing > behind.refuse ? 'refuse' : 'warn',
        summary: `the etcd member ${nameOf(member)} is ${missing} entries behind the others (raft index ${member.raftIndex} of ${newest})`,
        remedy: 'Let it catch up first; look at its disk and at the network to it.',
      },
    ];
  });
}

/** What is left while this control plane's own member restarts. */
function quorum(etcd: EtcdFact, { before, step }: GuardInput): Draft[] {
  const voters = etcd.members.filter((member) => !member.learner);
  if (etcd.external || voters.length === 0) return [];
  const needed = Math.floor(voters.length / 2) + 1;
  if (voters.length <= 2) {
    return [
      {
        severity: 'note',
        summary: `etcd has ${voters.length === 1 ? 'one member' : 'two members'}: the API does not answer while ${voters.length === 1 ? 'it' : 'one of them'} is down`,
        remedy: 'It lasts seconds. Three members stay available when one of them restarts.',
      },
    ];
  }
  if (!step) return [];
  const object = nodeObjectFor(before, step.node.name);
  const others = voters.filter((member) => object === undefined || !belongs(member, object));
  const left = others.filter((member) => member.healthy !== false).length;
  if (object === undefined || left >= needed) return [];
  return [
    {
      node: step.node.name,
      severity: 'refuse',
      summary: `etcd would lose its quorum while ${step.node.name} restarts its member: ${left} of ${voters.length} members would be left, ${needed} are needed`,
      remedy: 'Bring the other members back first.',
    },
  ];
}

function belongs(member: EtcdMember, node: NodeObject): boolean {
  if (member.name === node.name) return true;
  const hosts = [...member.peerUrls, ...member.clientUrls].map(hostOf);
  return node.addresses.some(({ address }) => hosts.includes(address));
}

function nodeOf(member: EtcdMember, facts: Facts): { readonly node?: string } {
  const node = Object.keys(facts.nodes).find((name) => {
    const object = nodeObjectFor(facts, name);
    return object !== undefined && belongs(member, object);
  });
  return node === undefined ? {} : { node };
}

function nameOf(member: EtcdMember): string {
  return member.name === '' ? member.id : member.name;
}
