import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { matchesPattern } from './known-hosts.ts';
import { homeOfUser } from './ssh-config.ts';

/** One line of a configuration file, of an included one too. */
export interface ConfigLine {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
  /** In lower case. */
  readonly keyword: string;
  readonly value: string;
}

/** As deep as ssh follows `Include`. */
const DEEPEST = 16;

export const SYSTEM_CONFIG = '/etc/ssh/ssh_config';
export const userConfig = (): string => join(homeOfUser(), '.ssh/config');

/** The lines of files and of what they include; a file that is not there has none. */
export async function readConfigLines(files: readonly string[], depth = 0): Promise<ConfigLine[]> {
  const lines: ConfigLine[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const [index, raw] of text.split('\n').entries()) {
      const [, keyword, value] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(raw) ?? [];
      if (keyword === undefined || value === undefined) continue;
      lines.push({ file, line: index + 1, text: raw.trim(), keyword: keyword.toLowerCase(), value });
      if (keyword.toLowerCase() !== 'include' || depth >= DEEPEST) continue;
      lines.push(...(await readConfigLines(await includedBy(value, file), depth + 1)));
    }
  }
  return lines;
}

/** Relative names are in ~/.ssh, or in /etc/ssh for the system's file (ssh_config(5), Include). */
async function includedBy(value: string, file: string): Promise<string[]> {
  const names = [...value.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const folder = file.startsWith('/etc/ssh/') ? '/etc/ssh' : join(homeOfUser(), '.ssh');
  const found = names.map(async (name) => {
    const path = name.startsWith('~/')
      ? join(homeOfUser(), name.slice(2))
      : name.startsWith('/')
        ? name
        : join(folder, name);
    return globbed(path);
  });
  return (await Promise.all(found)).flat();
}

/** `*` and `?` in any part of a path. */
async function globbed(path: string): Promise<string[]> {
  if (!/[*?]/.test(path)) return [path];
  const folders = await globbed(dirname(path));
  const pattern = basename(path);
  const names = folders.map(async (folder) => {
    const entries = await readdir(folder).catch(() => []);
    return entries
      .filter((name) => matchesPattern(pattern, name))
      .sort()
      .map((name) => join(folder, name));
  });
  return (await Promise.all(names)).flat();
}

/**
 * Which `Host` lines hold for a host: two hosts with the same ones have the same settings, but for their names, so that
 * ssh is asked for one of them. Undefined where more than that decides: `Match`, canonical names, a HostName.
 */
export function blocksOf(lines: readonly ConfigLine[], host: string): string | undefined {
  const holding: number[] = [];
  let holds = true;
  for (const [index, { keyword, value }] of lines.entries()) {
    if (keyword === 'host') {
      holds = holdsFor(value, host);
      if (holds) holding.push(index);
      // ssh may see another name in it than its lower case.
      if (holds !== holdsFor(value.toLowerCase(), host.toLowerCase())) return undefined;
    } else if (keyword === 'match' || keyword.startsWith('canonical') || (keyword === 'hostname' && holds)) {
      return undefined;
    }
  }
  return holding.join(' ');
}

function holdsFor(patterns: string, host: string): boolean {
  const words = [...patterns.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  if (words.some((word) => word.startsWith('!') && matchesPattern(word.slice(1), host))) return false;
  return words.some((word) => !word.startsWith('!') && matchesPattern(word, host));
}
