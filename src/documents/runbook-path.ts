import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suggest } from './nearest.ts';
import { problem } from './source.ts';
import { type Read, readText } from './text.ts';

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

/**
 * The runbooks known by name, sorted: those in ./runbooks, then those that come with the program and have no
 * namesake.
 */
export function namedRunbooks(own = OWN_RUNBOOKS): NamedRunbook[] {
  const found = new Map<string, string>();
  for (const place of ['runbooks', own]) {
    for (const name of runbooksIn(place).sort()) {
      if (!found.has(name) && !isPart(join(place, name))) found.set(name, join(place, name));
    }
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

/** A file that runbooks include is none itself. */
function isPart(path: string): boolean {
  const text = readText(path);
  return text.ok && /^kind: *["']?(?:Steps|Phases)\b/m.test(text.value);
}

function runbooksIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  } catch {
    return [];
  }
}
