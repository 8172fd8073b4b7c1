import { hexOf } from './identity.ts';
import type { Workload } from './workloads.ts';

/** A VolumeAttachment: it outlives the pod, as the driver needs time (kubernetes/kubernetes#50944). */
export interface Attachment {
  readonly name: string;
  readonly node: string;
  readonly volume: string;
  /** Its driver never lets go of it. */
  readonly stays?: true;
  /** When it goes; undefined: its pod is there. */
  detachedAt?: number;
}

interface AttachedPod {
  readonly namespace: string;
  readonly name: string;
  readonly node?: string;
  readonly workload?: Workload;
}

/** Milliseconds of simulated work from the end of a pod until its volume is detached. */
const DETACH = 3000;

/** The attachments as the attach-detach controller makes and ends them. A kubelet that is down unmounts nothing. */
export function attachments(
  known: readonly Attachment[],
  pods: readonly AttachedPod[],
  clock: { readonly now: number; readonly scale: number },
  unmounts: (node: string) => boolean,
): Attachment[] {
  const wanted = new Map(
    pods.flatMap(({ namespace, name, node, workload }) => {
      const volume = `pvc-${hexOf(`${namespace}/${name}`, 8)}`;
      return workload?.volumes === undefined || node === undefined ? [] : [[volume, { node, workload }] as const];
    }),
  );
  const left = known.flatMap((one) => {
    if (wanted.has(one.volume)) return [one];
    if (one.detachedAt === undefined && one.stays !== true && unmounts(one.node))
      one.detachedAt = clock.now + DETACH / clock.scale;
    return one.detachedAt === undefined || one.detachedAt > clock.now ? [one] : [];
  });
  const isKnown = new Set(left.map(({ volume }) => volume));
  const made = [...wanted].filter(([volume]) => !isKnown.has(volume));
  return [
    ...left,
    ...made.map(([volume, { node, workload }]) => ({
      name: `csi-${hexOf(volume, 12)}`,
      node,
      volume,
      ...(workload.volumes === 'stay' ? { stays: true as const } : {}),
    })),
  ];
}
