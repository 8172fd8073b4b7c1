import { stepOf } from '../../actions/bound-step.ts';
import { etcdPrepare } from '../../actions/etcd-prepare.ts';
import type { FileFact } from '../../facts/facts.ts';
import { parseMetadata, type SnapshotMetadata } from '../../facts/lib/etcd-metadata.ts';
import type { GuardInput } from '../guard.ts';
import type { Draft } from './subject.ts';

/** Of every guard of a restore. */
export const RESTORE_SOURCE =
  'etcd, "Disaster recovery": a snapshot is restored whole, on every member of its own cluster, while none of them runs';

export interface Snapshot {
  readonly path: string;
  readonly file: FileFact;
  readonly wanted: string;
  readonly metadata?: SnapshotMetadata;
  readonly input: GuardInput;
}

/** Judges the snapshot that the step is about to restore; nothing before any other step. */
export function ofSnapshot(input: GuardInput, judge: (snapshot: Snapshot) => readonly Draft[]): readonly Draft[] {
  const options = stepOf(input.step, etcdPrepare)?.with;
  if (!options) return [];
  const path = options.snapshot;
  const local = input.before.files?.local;
  const file = local?.[path];
  if (!file) return [];
  const metadata = parseMetadata(local?.[`${path}.json`]?.text);
  return judge({ path, file, wanted: options.sha256, input, ...(metadata ? { metadata } : {}) });
}
