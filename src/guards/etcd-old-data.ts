import { stepOf } from '../actions/bound-step.ts';
import { etcdRestore } from '../actions/etcd-restore.ts';
import type { Guard } from './guard.ts';
import { RESTORE_SOURCE } from './lib/etcd-snapshot.ts';
import { findingOf } from './lib/subject.ts';

export const etcdOldData: Guard = {
  id: 'etcd-old-data',
  title: 'A restore overwrites no data of etcd: what is in its place can be moved aside',
  source: RESTORE_SOURCE,
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
      findingOf(etcdOldData, {
        severity: 'refuse',
        ...(node === undefined ? {} : { node }),
        summary: `${dir} holds data of etcd that this restore did not make, and the old data are already in ${dir}.before-${run}: one of them would be overwritten`,
        remedy: `Look at both. To continue with the snapshot: move ${dir}/member to a place of its own, then \`runbook resume\`.`,
      }),
    ];
  },
};
