import { type Dirent, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Candidate } from './candidate.ts';

const YAML = /\.ya?ml$/;

export type Wanted = 'any' | 'yaml' | 'yaml-or-json' | 'folder';

const FITS: Readonly<Record<Wanted, (name: string) => boolean>> = {
  any: () => true,
  yaml: (name) => YAML.test(name),
  'yaml-or-json': (name) => YAML.test(name) || name.endsWith('.json'),
  folder: () => false,
};

/** Files and folders that a word can become, written as the word is: `~/`, relative or absolute. */
export function pathsFor(word: string, wanted: Wanted): Candidate[] {
  const end = word.lastIndexOf('/') + 1;
  const [folder, name] = [word.slice(0, end), word.slice(end)];
  return entriesIn(folder).flatMap((entry) => {
    if (!entry.name.startsWith(name) || (entry.name.startsWith('.') && !name.startsWith('.'))) return [];
    if (isFolder(folder, entry))
      return [{ value: `${folder}${entry.name}/`, path: true as const, open: true as const }];
    return FITS[wanted](entry.name) ? [{ value: `${folder}${entry.name}`, path: true as const }] : [];
  });
}

function entriesIn(folder: string): Dirent[] {
  try {
    return readdirSync(local(folder), { withFileTypes: true });
  } catch {
    return [];
  }
}

function isFolder(folder: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(join(local(folder), entry.name)).isDirectory();
  } catch {
    return false;
  }
}

/** A path of the command line, with `~/` as a shell reads it. */
export function local(path: string): string {
  if (path === '') return '.';
  return path === '~' || path.startsWith('~/') ? join(process.env['HOME'] || homedir(), path.slice(1)) : path;
}
