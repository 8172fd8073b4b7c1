import { hexOf } from './identity.ts';
import type { PodShape } from './pod-shape.ts';
import type { Workload } from './workloads.ts';

/** A VolumeAttachment: it outlives the pod, as the driver needs time (kubernetes/kubernetes#50944). */
export interface Attachment {
  readonly name: string;
  readonly node: string;
  readonly volume: string;
  /** Its driver never lets go of it. */
  readonly stays?: true;
  /** Which pod has it is not known: it stays as long as any of its node has a claim. */
  readonly ofPods?: true;
  /** When it goes; undefined: its pod is there. */
  detachedAt?: number;
}

interface AttachedPod {
  readonly namespace: string;
  readonly name: string;
  readonly node?: string;
  readonly workload?: Workload;
  readonly shape?: PodShape;
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
  if (known.length === 0 && pods.every(({ workload }) => workload?.volumes === undefined)) return [];
  const wanted = new Map<string, { readonly node: string; readonly workload: Workload }>(
    pods.flatMap(({ namespace, name, node, workload }) =>
      workload?.volumes === undefined || node === undefined
        ? []
        : [[`pvc-${hexOf(`${namespace}/${name}`, 8)}`, { node, workload }]],
    ),
  );
  const claiming = new Set(
    pods.flatMap(({ node, shape }) => (shape?.bound.includes('volume claims') ? (node ?? []) : [])),
  );
  const left = known.flatMap((one) => {
    if (wanted.has(one.volume) || (one.ofPods && claiming.has(one.node))) return [one];
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
