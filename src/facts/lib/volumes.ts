import type { ClusterFacts } from '../facts.ts';
import type { VolumeAttachmentFact } from '../volume-attachments.ts';
import { stays } from './drain.ts';
import { groupBy } from './group-by.ts';
import { once } from './once.ts';
import { podsOn } from './pods-on.ts';

const byNode = once((all: readonly VolumeAttachmentFact[]) => groupBy(all, ({ node }) => node));

/** What a drained node must not hold any more. Undefined: not known. None where pods that stay there have volumes. */
export function toDetach(cluster: ClusterFacts | undefined, node: string): readonly VolumeAttachmentFact[] | undefined {
  if (!cluster?.volumeAttachments) return undefined;
  return keepsVolumes(cluster, node) ? [] : (byNode(cluster.volumeAttachments).get(node) ?? []);
}

/** A pod that a drain leaves has volumes of its own: which of those attached they are is not known here. */
export function keepsVolumes(cluster: ClusterFacts | undefined, node: string): boolean {
  return (podsOn(cluster, node) ?? []).some((pod) => stays(pod) && pod.bound?.includes('volume claims') === true);
}

export function volumeNames(attachments: readonly VolumeAttachmentFact[]): string[] {
  return attachments.map(({ name, volume }) => volume || name);
}
