import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { sha256 } from '../digest.ts';
import { loadInventory } from './inventory.ts';
import type { Inventory, Loaded, Runbook } from './model.ts';
import { loadRunbook } from './runbook.ts';
import { readDocument } from './text.ts';

/** {@link readDocument} and {@link loadRunbook} in one. */
export async function readRunbook(file: string, actions: ReadonlyMap<string, Action>): Promise<Loaded<Runbook>> {
  const read = await readDocument(file);
  return read.ok ? loadRunbook(file, read.value, actions) : unread(file, read.diagnostic);
}

/** {@link readDocument} and {@link loadInventory} in one. */
export async function readInventory(file: string): Promise<Loaded<Inventory>> {
  const read = await readDocument(file);
  return read.ok ? loadInventory(file, read.value) : unread(file, read.diagnostic);
}

/** A document that cannot be read. */
export function unread<T>(file: string, diagnostic: Diagnostic): Loaded<T> {
  return { file, text: '', digest: sha256(''), diagnostics: [diagnostic] };
}
