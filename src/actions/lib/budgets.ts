import { type PdbFact, selects } from '../../facts/pdbs.ts';
import type { PodFact } from '../../facts/pods.ts';

export function pdbsOver(pod: PodFact | undefined, pdbs: readonly PdbFact[]): readonly PdbFact[] {
  return pod ? pdbs.filter((pdb) => pdb.namespace === pod.namespace && selects(pdb.selector, pod.labels)) : [];
}

/** `demo/web` */
export function pdbName({ namespace, name }: Pick<PdbFact, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
