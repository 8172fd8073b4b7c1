import type { Facts } from '../facts.ts';
import type { PodFact } from '../pods.ts';
import { podsOn } from './pods-on.ts';

/** The pods of a node as `kubectl drain --ignore-daemonsets` sorts them. */
export interface PodsToDrain {
  /** Static pods' mirrors: no drain touches them. */
  readonly mirror: readonly PodFact[];
  /** Managed by a DaemonSet of the group apps: left where they are. */
  readonly daemonSet: readonly PodFact[];
  /** Succeeded or failed: taken away, nothing is lost. */
  readonly finished: readonly PodFact[];
  /** Evicted; their controller makes new ones, and has done so for those that are being deleted. */
  readonly evictable: readonly PodFact[];
  /** Without a controller, or of a DaemonSet that is gone: deleted permanently, only with `--force`. */
  readonly naked: readonly PodFact[];
  /** Those of `evictable` and `naked` whose emptyDir data is lost: only with `--delete-emptydir-data`. */
  readonly emptyDir: readonly PodFact[];
}

/** By the Node object's name. Undefined where pods were not asked for. Source: kubectl's pkg/drain/filters.go. */
export function podsToDrain(facts: Facts, nodeObjectName: string): PodsToDrain | undefined {
  const pods = podsOn(facts.cluster, nodeObjectName);
  if (!pods) return undefined;
  const sorted: Record<Kind, PodFact[]> = { mirror: [], daemonSet: [], finished: [], evictable: [], naked: [] };
  for (const pod of pods) sorted[kindOf(pod)].push(pod);
  return { ...sorted, emptyDir: [...sorted.evictable, ...sorted.naked].filter((pod) => pod.emptyDirs.length > 0) };
}

type Kind = 'mirror' | 'daemonSet' | 'finished' | 'evictable' | 'naked';

function kindOf(pod: PodFact): Kind {
  if (pod.mirror) return 'mirror';
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return 'finished';
  if (!pod.controller || isOrphan(pod)) return 'naked';
  return pod.controller.exists === true ? 'daemonSet' : 'evictable';
}

/** It is of a DaemonSet that is gone: deleted permanently, as one without a controller. */
export function isOrphan({ controller }: PodFact): boolean {
  return controller?.kind === 'DaemonSet' && controller.group === undefined && controller.exists !== true;
}

/** A drain leaves it on its node. */
export function stays(pod: PodFact): boolean {
  const kind = kindOf(pod);
  return kind === 'mirror' || kind === 'daemonSet';
}

/** The finalizers that may keep a deleted pod; the Job controller takes its own away by itself. */
export function holdsDeletion(pod: PodFact): readonly string[] {
  return (pod.finalizers ?? []).filter((name) => name !== 'batch.kubernetes.io/job-tracking');
}
