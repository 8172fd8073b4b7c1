import type { Guard } from './guard.ts';
import { ofSnapshot, RESTORE_SOURCE, type Snapshot } from './lib/etcd-snapshot.ts';
import { type Draft, findingOf } from './lib/subject.ts';

export const etcdSnapshotWhole: Guard = {
  id: 'etcd-snapshot-whole',
  title: 'The snapshot to restore is there, and is what was taken',
  source: RESTORE_SOURCE,
  facts: ['etcdHost'],
  scope: 'step',
  ofSteps: true,
  lasting: true,
  binding: 'what is damaged cannot be restored',
  check: (input) => ofSnapshot(input, wholeness).map((draft) => findingOf(etcdSnapshotWhole, draft)),
};

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
