import type { IFileSystem } from 'just-bash';

const compiled = new Map<string, RegExp>();
const MOST = 5000;

/** A pattern of the shell; `\` before a character takes its meaning away. */
export function patternOf(pattern: string, anchor: 'whole' | 'start' | 'end' = 'whole', greedy = true): RegExp {
  const key = `${anchor}${greedy ? 'g' : 'l'}${pattern}`;
  const known = compiled.get(key);
  if (known) return known;
  const body = sourceOf(pattern, greedy);
  const made = new RegExp(
    anchor === 'whole' ? `^(?:${body})$` : anchor === 'start' ? `^(?:${body})` : `(?:${body})$`,
    's',
  );
  if (compiled.size >= MOST) compiled.clear();
  compiled.set(key, made);
  return made;
}

function sourceOf(pattern: string, greedy: boolean): string {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] ?? '';
    if (char === '\\') source += escaped(pattern[(at += 1)] ?? '\\');
    else if (char === '*') source += greedy ? '.*' : '.*?';
    else if (char === '?') source += '.';
    else if (char === '[') {
      const end = endOfSet(pattern, at);
      if (end < 0) source += '\\[';
      else {
        source += setOf(pattern.slice(at + 1, end));
        at = end;
      }
    } else source += escaped(char);
  }
  return source;
}

function endOfSet(pattern: string, start: number): number {
  let at = start + 1;
  if (pattern[at] === '!' || pattern[at] === '^') at += 1;
  if (pattern[at] === ']') at += 1;
  for (; at < pattern.length; at += 1) {
    if (pattern.startsWith('[:', at)) at = pattern.indexOf(':]', at) + 1;
    else if (pattern[at] === '\\') at += 1;
    else if (pattern[at] === ']') return at;
  }
  return -1;
}

const classes: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  space: '\\s',
  blank: ' \\t',
  upper: 'A-Z',
  lower: 'a-z',
  punct: '!-/:-@\\[-`{-~',
};

function setOf(inner: string): string {
  const negated = /^[!^]/.test(inner);
  const body = (negated ? inner.slice(1) : inner)
    .replace(/\\(.)/g, '$1')
    .replace(/[\\\]^]/g, '\\$&')
    .replace(/\[:(\w+):\\\]|\[:(\w+):\]/g, (_, a?: string, b?: string) => classes[a ?? b ?? ''] ?? '');
  return `[${negated ? '^' : ''}${body.replace(/\[(?!:)/g, '\\[')}]`;
}

function escaped(char: string): string {
  return char.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

export function hasPattern(text: string): boolean {
  return /(^|[^\\])(\\\\)*[*?[]/.test(text);
}

export function unescaped(pattern: string): string {
  return pattern.replace(/\\([\s\S])/g, '$1');
}

/** Paths that a pattern matches, sorted; relative ones from `cwd`. */
export async function pathsOf(fs: IFileSystem, cwd: string, pattern: string): Promise<string[]> {
  const absolute = pattern.startsWith('/');
  const parts = pattern.split('/').filter((part) => part !== '');
  let found: string[] = [absolute ? '/' : ''];
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const next: string[] = [];
    for (const base of found) {
      const folder = base === '' ? cwd : base.startsWith('/') ? base : `${cwd}/${base}`;
      const join = (name: string) => (base === '' || base.endsWith('/') ? `${base}${name}` : `${base}/${name}`);
      if (!hasPattern(part)) {
        const name = unescaped(part);
        if (await fs.exists(`${folder === '/' ? '' : folder}/${name}`)) next.push(join(name));
        continue;
      }
      if (!(await isFolder(fs, folder))) continue;
      const matcher = patternOf(part);
      for (const name of await fs.readdir(folder)) {
        if (name.startsWith('.') && !part.startsWith('.')) continue;
        if (!matcher.test(name)) continue;
        if (isLast || (await isFolder(fs, `${folder === '/' ? '' : folder}/${name}`))) next.push(join(name));
      }
    }
    found = next;
  }
  return found.toSorted();
}

async function isFolder(fs: IFileSystem, path: string): Promise<boolean> {
  return (await fs.exists(path)) && (await fs.stat(path)).isDirectory;
}
