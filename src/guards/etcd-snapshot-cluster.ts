import { isStepOf } from '../actions/bound-step.ts';
import { etcdStop } from '../actions/etcd-stop.ts';
import type { EtcdHostFact } from '../facts/etcd-host.ts';
import type { SnapshotMetadata } from '../facts/lib/etcd-metadata.ts';
import type { Guard, GuardInput } from './guard.ts';
import { ofSnapshot, RESTORE_SOURCE, type Snapshot } from './lib/etcd-snapshot.ts';
import { type Draft, findingOf, listed } from './lib/subject.ts';

/** Another cluster's data under this one's names would be taken for its own. */
export const etcdSnapshotCluster: Guard = {
  id: 'etcd-snapshot-cluster',
  title: 'The snapshot to restore is of this cluster',
  source: RESTORE_SOURCE,
  facts: ['etcdHost'],
  scope: 'step',
  ofSteps: true,
  lasting: true,
  check: (input) => {
    // A control plane is not stopped where there is nothing to restore.
    const nothing =
      isStepOf(input.step, etcdStop) && hostsOf(input).length === 0 ? [noMember('a snapshot', input)] : [];
    return [...nothing, ...ofSnapshot(input, belonging)].map((draft) => findingOf(etcdSnapshotCluster, draft));
  },
};

function belonging({ path, file, metadata, input }: Snapshot): Draft[] {
  if (file.sha256 === undefined) return [];
  if (!metadata) {
    return [
      {
        severity: 'refuse',
        summary: `nothing shows which cluster ${path} is of: there is no ${path}.json beside it`,
        remedy: "If you know that it is this cluster's: --override 'etcd-snapshot-cluster=WHY YOU KNOW'.",
      },
    ];
  }
  const hosts = hostsOf(input);
  if (hosts.length === 0) return [noMember(path, input)];
  const here = hosts.map(({ host }) => `${host.name ?? '?'} at ${host.peerUrl ?? '?'}`).toSorted();
  const there = metadata.members.map((member) => `${member.name} at ${member.peerUrls.join(',')}`).toSorted();
  if (here.join(' ') !== there.join(' ')) {
    return [
      {
        severity: 'refuse',
        summary: `${path} is of a cluster with the etcd members ${listed(there)} (id ${metadata.clusterId}), here are ${listed(here)}${idsOf(hosts)}`,
        remedy:
          "Take a snapshot of this cluster, and all of its members (no --limit). If it is meant: --override 'etcd-snapshot-cluster=WHY'.",
      },
    ];
  }
  return authority(
    path,
    metadata,
    hosts.map(({ host }) => host),
  );
}

function hostsOf(input: GuardInput): { readonly node: string; readonly host: EtcdHostFact }[] {
  return input.nodes.flatMap(({ name }) => {
    const host = input.before.nodes[name]?.etcdHost;
    return host?.kind === undefined ? [] : [{ node: name, host }];
  });
}

function noMember(path: string, { nodes }: GuardInput): Draft {
  return {
    severity: 'refuse',
    summary: `none of the nodes of this run has a member of etcd (${listed(nodes.map(({ name }) => name))}): ${path} cannot be restored`,
    remedy:
      'etcd is looked for in /etc/kubernetes/manifests/etcd.yaml and in the unit etcd.service of the nodes that the run is about. An external etcd: put its machines into the inventory (role: other) and take etcd-restore-external.yaml.',
  };
}

/** A restore changes the cluster's id, never its certificate authority. */
function authority(path: string, metadata: SnapshotMetadata, hosts: readonly EtcdHostFact[]): Draft[] {
  const others = hosts.filter((host) => host.ca !== undefined && host.ca !== metadata.ca);
  if (metadata.ca !== undefined) {
    if (others.length === 0) return [];
    return [
      {
        severity: 'refuse',
        summary: `${path} is of a cluster with the same names, but with another certificate authority (taken ${metadata.takenAt})`,
        remedy:
          "It was created again since: its service accounts and certificates do not fit. If it is meant: --override 'etcd-snapshot-cluster=WHY'.",
      },
    ];
  }
  const differs = hosts.some((host) => host.clusterId !== undefined && host.clusterId !== metadata.clusterId);
  if (!differs) return [];
  return [
    {
      severity: 'refuse',
      summary: `the id of the cluster of ${path} is ${metadata.clusterId}, here it is another`,
      remedy:
        "It changes with each restore, else it is another cluster. If it is this one's: --override 'etcd-snapshot-cluster=WHY'.",
    },
  ];
}

function idsOf(hosts: readonly { readonly host: EtcdHostFact }[]): string {
  const ids = [...new Set(hosts.flatMap(({ host }) => host.clusterId ?? []))];
  return ids.length > 0 ? ` (id ${ids.join(', ')})` : '';
}
