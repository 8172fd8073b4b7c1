import type { Action } from '../actions/action.ts';
import { sha256 } from '../digest.ts';
import { type Fleet, loadFleet } from './fleet.ts';
import { loadInventory } from './inventory.ts';
import { kindText } from './issues.ts';
import { isPartKind, type PartKind } from './kinds.ts';
import type { Inventory, Loaded, Runbook } from './model.ts';
import { loadPart } from './part.ts';
import { unread } from './read.ts';
import { loadRunbook } from './runbook.ts';
import { isMap } from './shapes.ts';
import { problem, Source } from './source.ts';
import { readDocument } from './text.ts';
import { readYaml } from './yaml.ts';

/** {@link readDocument} and {@link loadFleet} in one. */
export async function readFleet(file: string): Promise<Loaded<Fleet>> {
  const read = await readDocument(file);
  return read.ok ? loadFleet(file, read.value) : unread(file, read.diagnostic);
}

export type AnyDocument =
  | { readonly kind: 'Runbook'; readonly loaded: Loaded<Runbook> }
  | { readonly kind: 'Inventory'; readonly loaded: Loaded<Inventory> }
  | { readonly kind: 'Fleet'; readonly loaded: Loaded<Fleet> }
  | { readonly kind: PartKind; readonly loaded: Loaded<Runbook> }
  | { readonly kind: 'unknown'; readonly loaded: Loaded<never> };

/** Reads a file by its `kind`. */
export async function loadAny(file: string, actions: ReadonlyMap<string, Action>): Promise<AnyDocument> {
  const read = await readDocument(file);
  if (!read.ok) return { kind: 'unknown', loaded: unread(file, read.diagnostic) };
  const text = read.value;
  const document = readYaml(new Source(file, text));
  const kind = isMap(document.value) ? document.value['kind'] : undefined;
  if (kind === 'Runbook') return { kind, loaded: loadRunbook(file, text, actions) };
  if (kind === 'Inventory') return { kind, loaded: loadInventory(file, text) };
  if (kind === 'Fleet') return { kind, loaded: loadFleet(file, text) };
  if (isPartKind(kind)) return { kind, loaded: loadPart(file, text, kind, actions) };
  const detail = 'it must be Runbook, Inventory, Fleet, Steps or Phases';
  const unknown = problem('unknown-kind', `the file ${kindText(kind)}`, document.at(['kind']), detail);
  const diagnostics = document.sound ? [...document.diagnostics, unknown] : document.diagnostics;
  return { kind: 'unknown', loaded: { file, text, digest: sha256(text), diagnostics } };
}
