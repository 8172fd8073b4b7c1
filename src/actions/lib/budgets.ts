import { covers } from '../../facts/lib/budgets.ts';
import type { PdbFact } from '../../facts/pdbs.ts';
import type { PodFact } from '../../facts/pods.ts';

export function pdbsOver(pod: PodFact | undefined, pdbs: readonly PdbFact[]): readonly PdbFact[] {
  return pod ? pdbs.filter((pdb) => covers(pdb, pod)) : [];
}

/** `demo/web` */
export function pdbName({ namespace, name }: Pick<PdbFact, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
