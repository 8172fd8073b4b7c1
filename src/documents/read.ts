import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { sha256 } from '../digest.ts';
import { messageOf } from '../failure.ts';
import { loadInventory } from './inventory.ts';
import { kindOf } from './issues.ts';
import { isMap } from './loaded.ts';
import type { Inventory, Loaded, Runbook } from './model.ts';
import { suggest } from './nearest.ts';
import { loadRunbook } from './runbook.ts';
import { problem, Source } from './source.ts';
import { readYaml } from './yaml.ts';

export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly diagnostic: Diagnostic };

/** Bytes of a document: an inventory of 5,000 nodes has a third of it. */
const LARGEST = 1024 * 1024;
const TOO_LARGE = 'it is larger than 1 MiB';
const NOT_TEXT = 'here is its first NUL character; save it as text in UTF-8';

/** The text of a document, or a diagnostic that names the file where it cannot be read. */
export async function readDocument(file: string): Promise<Read<string>> {
  const refuse = (why: string, detail?: string): Read<string> => ({
    ok: false,
    diagnostic: problem('unreadable', `cannot read ${file}: ${why}`, undefined, detail),
  });
  try {
    const bytes = await firstBytes(file, LARGEST + 1);
    if (bytes.length > LARGEST) return refuse(TOO_LARGE, 'split it into several documents');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const nul = text.indexOf('\0');
    if (nul !== -1) {
      const summary = `cannot read ${file}: it is not a text`;
      const diagnostic = problem('unreadable', summary, new Source(file, text).span(nul), NOT_TEXT);
      return { ok: false, diagnostic };
    }
    if (text.trim() !== '') return { ok: true, value: text };
    return { ok: false, diagnostic: problem('empty', 'the file is empty', new Source(file, text).span(0)) };
  } catch (error) {
    if (error instanceof TypeError) return refuse('it is not UTF-8');
    return refuse(reasonOf(error));
  }
}

/** Reads no further, so that a file without an end (a device, a growing log) ends too. */
async function firstBytes(file: string, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: most - 1 })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ELOOP: 'too many symbolic links',
    ENAMETOOLONG: 'the name is too long',
  };
  return reasons[code] ?? messageOf(error);
}

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

function unread<T>(file: string, diagnostic: Diagnostic): Loaded<T> {
  return { file, text: '', digest: sha256(''), diagnostics: [diagnostic] };
}

export type AnyDocument =
  | { readonly kind: 'Runbook'; readonly loaded: Loaded<Runbook> }
  | { readonly kind: 'Inventory'; readonly loaded: Loaded<Inventory> }
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
  const summary =
    kind === undefined ? 'the file has no `kind`' : `\`kind\` is ${typeof kind === 'string' ? kind : kindOf(kind)}`;
  const unknown = problem('unknown-kind', summary, document.at(['kind']), 'it must be Runbook or Inventory');
  const diagnostics = document.sound ? [...document.diagnostics, unknown] : document.diagnostics;
  return { kind: 'unknown', loaded: { file, text, digest: sha256(text), diagnostics } };
}

/** The package's own runbooks, as seen from src/documents and dist/documents alike. */
const OWN_RUNBOOKS = fileURLToPath(new URL('../../runbooks', import.meta.url));

/**
 * The file that an argument names: a path, or a file's name in ./runbooks or, from any folder, among the runbooks that
 * come with the program. The ending may be left out for names.
 */
export function resolveRunbookPath(argument: string, folder = '.', own = OWN_RUNBOOKS): Read<string> {
  const direct = folder === '.' ? argument : join(folder, argument);
  if (isFile(argument) || argument.startsWith('/')) return { ok: true, value: argument };
  if (isFile(direct)) return { ok: true, value: direct };
  const folders = [folder === '.' ? 'runbooks' : join(folder, 'runbooks'), own];
  if (argument !== '' && basename(argument) === argument) {
    for (const place of folders) {
      const found = ['', '.yaml', '.yml'].map((ending) => join(place, argument + ending)).find(isFile);
      if (found !== undefined) return { ok: true, value: found };
    }
  }
  // A folder or anything else that exists: reading it reports what is wrong.
  if (argument !== '' && existsSync(direct)) return { ok: true, value: direct };
  const names = [...new Set(folders.flatMap(runbooksIn))].sort();
  const detail = suggest(basename(argument), names, 'known by name') ?? `nothing is in ${folders.join(' or ')}`;
  return { ok: false, diagnostic: problem('unreadable', `there is no runbook ${argument}`, undefined, detail) };
}

/** A runbook that can be named without its folder. */
export interface NamedRunbook {
  /** What a command takes: `upgrade.yaml`. */
  readonly name: string;
  readonly path: string;
}

/** The runbooks known by name, sorted: those in ./runbooks, then those that come with the program and have no namesake. */
export function namedRunbooks(own = OWN_RUNBOOKS): NamedRunbook[] {
  const found = new Map<string, string>();
  for (const place of ['runbooks', own]) {
    for (const name of runbooksIn(place).sort()) if (!found.has(name)) found.set(name, join(place, name));
  }
  return [...found].map(([name, path]) => ({ name, path }));
}

function isFile(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function runbooksIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  } catch {
    return [];
  }
}
