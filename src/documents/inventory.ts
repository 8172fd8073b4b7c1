import { dirname } from 'node:path';
import { ONCE } from './fields.ts';
import { checkInventory } from './inventory-checks.ts';
import { resolveInventory } from './inventory-nodes.ts';
import { inventorySchema } from './inventory-schema.ts';
import { issueDiagnostics } from './issues.ts';
import { load } from './loaded.ts';
import type { Inventory, Loaded } from './model.ts';
import { hasErrors } from './source.ts';

/** Reads an inventory. Never throws: all problems at once, each with its place, are in `diagnostics`. */
export function loadInventory(file: string, text: string): Loaded<Inventory> {
  return load(file, text, 'Inventory', (document, whole) => {
    const value = Object.fromEntries(Object.entries(whole).filter(([key]) => !key.startsWith('x-')));
    const parsed = inventorySchema.safeParse(value, ONCE);
    const issues = parsed.success ? [] : parsed.error.issues;
    const judged = { document, base: [], value, schema: inventorySchema, called: 'the inventory' };
    const found = checkInventory(document, value);
    const diagnostics = [...issueDiagnostics(issues, judged), ...found.diagnostics];
    if (!parsed.success || hasErrors(diagnostics)) return { diagnostics, build: () => undefined };
    const { entries, nodes, ...inventory } = resolveInventory(parsed.data);
    const spans = entries.map((entry) => document.at(['nodes', entry]));
    return {
      diagnostics: [...diagnostics, ...found.ofResolved(nodes, entries)],
      build: () => ({
        ...inventory,
        folder: dirname(file),
        nodes: nodes.map((node, index) => ({ ...node, span: spans[index] ?? document.at(['nodes']) })),
      }),
    };
  });
}
