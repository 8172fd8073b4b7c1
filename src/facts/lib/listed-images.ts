import type { Facts } from '../facts.ts';
import { tagOf } from './image.ts';

/** The tag, without `v`, of an image as a release's own kubeadm listed it; undefined: none was asked. */
export function listedTag({ nodes }: Facts, release: string, name: string): string | undefined {
  for (const node in nodes) {
    const { targetKubeadm, prefetched } = nodes[node] ?? {};
    const listed = [...(targetKubeadm?.[release]?.images ?? []), ...(prefetched?.needs[release] ?? [])];
    const image = listed.find((one) => new RegExp(`(^|/)${name}:`).test(one));
    if (image !== undefined) return tagOf(image);
  }
  return undefined;
}
