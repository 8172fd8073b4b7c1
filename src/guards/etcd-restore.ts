import { isStepOf, stepOf } from '../actions/bound-step.ts';
import { etcdPrepare } from '../actions/etcd-prepare.ts';
import { etcdRestore } from '../actions/etcd-restore.ts';
import { etcdStop } from '../actions/etcd-stop.ts';
import { parseMetadata, type SnapshotMetadata } from '../facts/lib/etcd-metadata.ts';
import type { EtcdHostFact } from '../facts/etcd-host.ts';
import type { FileFact } from '../facts/facts.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { type Draft, listed } from './lib/subject.ts';

const SOURCE =
  'etcd, "Disaster recovery": a snapshot is restored whole, on every member of its own cluster, while none of them runs';

/** A damaged snapshot is found before anything is stopped. */
export const etcdSnapshotWhole: Guard = {
  id: 'etcd-snapshot-whole',
  title: 'The snapshot to restore is there, and is what was taken',
  source: SOURCE,
  facts: ['etcdHost'],
  scope: 'step',
  ofSteps: true,
  lasting: true,
  binding: 'what is damaged cannot be restored',
  check: (input) => ofSnapshot(input, wholeness).map((draft) => told(etcdSnapshotWhole, draft)),
};

/** Another cluster's data under this one's names would be taken for its own. */
export const etcdSnapshotCluster: Guard = {
  id: 'etcd-snapshot-cluster',
  title: 'The snapshot to restore is of this cluster',
  source: SOURCE,
  facts: ['etcdHost'],
  scope: 'step',
  ofSteps: true,
  lasting: true,
  check: (input) => {
    // A control plane is not stopped where there is nothing to restore.
    const nothing = isStepOf(input.step, etcdStop) && hostsOf(input).length === 0 ? [nobody('a snapshot', input)] : [];
    return [...nothing, ...ofSnapshot(input, belonging)].map((draft) => told(etcdSnapshotCluster, draft));
  },
};

/** A member that runs on old data would carry them into the restored cluster. */
export const etcdMembersStopped: Guard = {
  id: 'etcd-members-stopped',
  title: 'No member of etcd runs while one is restored',
  source: SOURCE,
  facts: ['etcdHost'],
  scope: 'step',
  ofSteps: true,
  lasting: true,
  everywhere: true,
  binding: 'the members would not agree on what their data are',
  check: ({ step, before, run }) =>
    !isStepOf(step, etcdRestore)
      ? []
      : Object.entries(before.nodes)
          .filter(([, facts]) => facts.etcdHost?.running === true)
          .map(([node, facts]) =>
            told(etcdMembersStopped, {
              node,
              severity: 'refuse',
              summary: `etcd runs on ${node}${facts.etcdHost?.dataDir === undefined ? '' : ` (its data are in ${facts.etcdHost.dataDir})`}: nothing is restored while a member runs`,
              remedy:
                facts.etcdHost?.kind === 'unit'
                  ? 'Somebody has started it: `systemctl stop etcd` there, then `runbook resume`.'
                  : `Somebody has started it: move etcd.yaml out of /etc/kubernetes/manifests there (to /etc/kubernetes/runbook-restore-${run ?? 'RUN'}), then \`runbook resume\`.`,
            }),
          ),
};

/** What a restore has moved aside once is not covered by what somebody put in its place. */
export const etcdOldData: Guard = {
  id: 'etcd-old-data',
  title: 'A restore overwrites no data of etcd: what is in its place can be moved aside',
  source: SOURCE,
  facts: ['etcdHost'],
  scope: 'step',
  ofSteps: true,
  lasting: true,
  binding: 'one of the two would be lost',
  check({ step, before, run }) {
    const node = stepOf(step, etcdRestore)?.node.name;
    const host = node === undefined ? undefined : before.nodes[node]?.etcdHost;
    if (!host?.hasData || run === undefined || !host.aside?.includes(run)) return [];
    const marks = host.marks[run] ?? [];
    if (marks.includes('placing') || marks.includes('restored')) return [];
    const dir = host.dataDir ?? 'the data folder';
    return [
      told(etcdOldData, {
        severity: 'refuse',
        ...(node === undefined ? {} : { node }),
        summary: `${dir} holds data of etcd that this restore did not make, and the old data are already in ${dir}.before-${run}: one of them would be overwritten`,
        remedy: `Look at both. To go on with the snapshot: move ${dir}/member to a place of its own, then \`runbook resume\`.`,
      }),
    ];
  },
};

function told(guard: Guard, draft: Draft): Finding {
  return { guard: guard.id, source: guard.source, ...draft };
}

interface Snapshot {
  readonly path: string;
  readonly file: FileFact;
  readonly wanted: string;
  readonly metadata?: SnapshotMetadata;
  readonly input: GuardInput;
}

function ofSnapshot(input: GuardInput, judge: (snapshot: Snapshot) => readonly Draft[]): readonly Draft[] {
  const options = stepOf(input.step, etcdPrepare)?.with;
  if (!options) return [];
  const path = options.snapshot;
  const local = input.before.files?.local;
  const file = local?.[path];
  if (!file) return [];
  const metadata = parseMetadata(local?.[`${path}.json`]?.text);
  return judge({ path, file, wanted: options.sha256, input, ...(metadata ? { metadata } : {}) });
}

function wholeness({ path, file, wanted, metadata }: Snapshot): Draft[] {
  const refuse = (summary: string, remedy: string): Draft[] => [{ severity: 'refuse', summary, remedy }];
  if (file.sha256 === undefined)
    return refuse(
      `the snapshot ${path} cannot be read: ${file.error?.startsWith('ENOENT') === false ? file.error : 'it is not there'}`,
      'Give its path: --set snapshot=FILE',
    );
  if (wanted !== '' && wanted !== file.sha256)
    return refuse(
      `the sha256 of ${path} is ${file.sha256}, not ${wanted}`,
      'It is another file, or damaged: take another copy.',
    );
  if (metadata && metadata.sha256 !== file.sha256)
    return refuse(
      `the sha256 of ${path} is ${file.sha256}, but ${path}.json says ${metadata.sha256}`,
      'It is damaged, or the two files do not belong together: take another copy of both.',
    );
  if (file.sealed !== true)
    return refuse(
      `${path} does not end with the sha256 of its content, as a snapshot of etcd does`,
      'It is damaged, cut off, or was copied out of a data folder; take one that `etcdctl snapshot save` wrote.',
    );
  return [];
}

function belonging({ path, file, metadata, input }: Snapshot): Draft[] {
  if (file.sha256 === undefined) return [];
  if (!metadata) {
    return [
      {
        severity: 'refuse',
        summary: `nothing tells of which cluster ${path} is: there is no ${path}.json beside it`,
        remedy: "If you know that it is this cluster's: --override 'etcd-snapshot-cluster=WHY YOU KNOW'.",
      },
    ];
  }
  const hosts = hostsOf(input);
  if (hosts.length === 0) return [nobody(path, input)];
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

function nobody(path: string, { nodes }: GuardInput): Draft {
  return {
    severity: 'refuse',
    summary: `none of the nodes of this run has a member of etcd (${listed(nodes.map(({ name }) => name))}): ${path} cannot be restored`,
    remedy:
      'etcd is looked for in /etc/kubernetes/manifests/etcd.yaml and in the unit etcd.service of the nodes that the run is about. An external etcd: put its machines into the inventory (role: other) and take etcd-restore-external.yaml.',
  };
}

/** Every restore gives a new id, so the authority of the certificates tells more: a cluster keeps it for life. */
function authority(path: string, metadata: SnapshotMetadata, hosts: readonly EtcdHostFact[]): Draft[] {
  const others = hosts.filter((host) => host.ca !== undefined && host.ca !== metadata.ca);
  if (metadata.ca !== undefined) {
    if (others.length === 0) return [];
    return [
      {
        severity: 'refuse',
        summary: `${path} is of a cluster with the same names, but with another certificate authority (taken ${metadata.takenAt})`,
        remedy:
          "It was made anew since: its service accounts and certificates do not fit. If it is meant: --override 'etcd-snapshot-cluster=WHY'.",
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
