import type { ActionContext } from '../action.ts';

/** What a kind of backup is called in the operator's folder: `KIND-CLUSTER-RUN.EXTENSION`. */
export interface BackupName {
  readonly kind: string;
  readonly extension: string;
}

/** The path of this run's backup. The run's id begins with its time, so that names sort by age. */
export function backupPath({ kind, extension }: BackupName, context: ActionContext<{ readonly dest: string }>): string {
  return `${context.with.dest.replace(/\/+$/, '')}/${kind}-${clusterOf(context)}-${context.run}.${extension}`;
}

/** The file names of all backups of the kind and the cluster, but not those of a cluster with a similar name. */
export function backupNames({ kind, extension }: BackupName, context: ActionContext<unknown>): RegExp {
  return new RegExp(`^${kind}-${literal(clusterOf(context))}-\\d{8}-[^.]*\\.${literal(extension)}$`);
}

/** The cluster's name in the inventory. */
export function clusterOf({ settings }: ActionContext<unknown>): string {
  return settings.cluster ?? 'cluster';
}

function literal(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9-]/g, String.raw`\$&`);
}
