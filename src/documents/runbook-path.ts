import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PACKAGE_ROOT } from '../package-root.ts';
import { isPartKind } from './kinds.ts';
import { suggest } from './nearest.ts';
import { problem } from './source.ts';
import { type Read, readText } from './text.ts';

/** The package's own runbooks. */
const OWN_RUNBOOKS = join(PACKAGE_ROOT, 'runbooks');

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
  const names = [...new Set(folders.flatMap(runbooksIn).map(({ name }) => name))].sort();
  const detail = suggest(basename(argument), names, 'known by name') ?? `nothing is in ${folders.join(' or ')}`;
  return { ok: false, diagnostic: problem('unreadable', `there is no runbook ${argument}`, undefined, detail) };
}

/** A runbook that can be named without its folder. */
export interface NamedRunbook {
  /** What a command takes: `upgrade.yaml`. */
  readonly name: string;
  readonly path: string;
  /** What the file holds; nothing where it cannot be read. */
  readonly text: string;
}

/**
 * The runbooks known by name, sorted: those in ./runbooks, then those that come with the program and have no
 * namesake.
 */
export function namedRunbooks(own = OWN_RUNBOOKS): NamedRunbook[] {
  const found = new Map<string, NamedRunbook>();
  for (const one of ['runbooks', own].flatMap(runbooksIn)) {
    if (!found.has(one.name)) found.set(one.name, one);
  }
  return [...found.values()];
}

function isFile(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** By name. A file that runbooks include is none itself. */
function runbooksIn(folder: string): NamedRunbook[] {
  return filesIn(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => ({ name, path: join(folder, name), text: textOf(join(folder, name)) }))
    .filter(({ text }) => !isPartKind(/^kind: *["']?(\w+)/m.exec(text)?.[1]));
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  const text = readText(path);
  return text.ok ? text.value : '';
}
