import { dirname } from 'node:path';
import type { Inventory, Loaded } from '../documents/model.ts';
import type { FactsDocument, FactsInventory } from './document.ts';

/** What facts need of their inventory: nothing about how to log in. */
export function inventoryPart({ file, digest, value }: Loaded<Inventory> & { readonly value: Inventory }) {
  const { cluster, nodes, groups, packages, kubectl } = value;
  return {
    file,
    digest,
    cluster,
    nodes: nodes.map(({ name, host, role, vars }) => ({ name, host, role, vars })),
    groups,
    packages,
    kubectl,
  } satisfies FactsInventory;
}

/** The inventory of a facts file as a document: nobody can log in by it. */
export function inventoryOf({ inventory, digest }: FactsDocument): Loaded<Inventory> & { readonly value: Inventory } {
  const { file, nodes, ...rest } = inventory;
  const span = { file, line: 1, column: 1 };
  return {
    file,
    text: '',
    digest: inventory.digest ?? digest,
    diagnostics: [],
    value: {
      ...rest,
      become: { method: 'none' },
      remoteDir: '/var/lib/runbook',
      folder: dirname(file),
      nodes: nodes.map((node) => ({ ...node, ssh: {}, become: { method: 'none' }, span })),
    },
  };
}
