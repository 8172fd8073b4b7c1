import { withoutEpoch } from '../packages/lib/revision.ts';
import { onNode } from '../packages/registry.ts';
import { quote } from '../transport/quote.ts';
import type { Fact, FactOptions } from './fact.ts';
import { compareRevisions } from './lib/version.ts';
import { sourceFiles } from './repository.ts';

/** What the repository of each asked minor offers, whether or not it is configured now. By minor (`1.32`). */
export type OfferedFact = Readonly<Record<string, OfferedMinor>>;

export interface OfferedMinor {
  readonly url: string;
  /** By package: revisions (`1.32.9-1.1`), newest first. Empty when unreachable. */
  readonly revisions: Readonly<Record<string, readonly string[]>>;
  /** Why it could not be read. */
  readonly error?: string;
}

/** Asked over HTTP: the package manager's lists know only the configured minor, as of their last update. */
export const offered: Fact<OfferedFact> = {
  command: 'curl .../core:/stable:/vX.Y/',
  remedy: 'Look at the package sources there.',
  script: (options) =>
    `offer() {
  if [ -z "$prefix" ]; then printf 'error: %s no package source of Kubernetes is configured\\n' "$1"; return; fi
  why=
  offered "$1" "$prefix"
  [ -z "$found" ] || return
  printf 'error: %s %s\\n' "$1" "\${why:-it lists none of the packages of Kubernetes}"
}
${prefixOf(options)}
${onNode((reading) => `${reading.fetchFunction}\n${reading.offered}`, "offered() { why='there is no package manager'; }")}
${(options.minors ?? []).map((minor) => `offer ${quote(minor)}\n`).join('')}true`,
  parse: parseOffered,
};

function prefixOf(options: FactOptions): string {
  if (options.packagesBaseUrl !== undefined) {
    return `prefix=${quote(options.packagesBaseUrl.replace(/\/+$/, ''))}/core:/stable:`;
  }
  return `prefix=$(cat ${sourceFiles} 2>/dev/null | sed -n '/^[[:space:]]*#/d; /gpgkey/d; s|^.*[[:space:]=]\\([a-z][a-z0-9+.-]*://[^[:space:]]*/core:/[a-z]*:\\)/v1\\.[0-9].*|\\1|p; s|^\\([a-z][a-z0-9+.-]*://[^[:space:]]*/core:/[a-z]*:\\)/v1\\.[0-9].*|\\1|p' | head -n 1)`;
}

function parseOffered(output: string): OfferedFact {
  const minors: Record<string, { url: string; revisions: Record<string, string[]>; error?: string }> = {};
  const at = (minor: string) => (minors[minor] ??= { url: '', revisions: {} });
  for (const line of output.split('\n')) {
    const [, kind, minor, rest] = /^(url|error|offers): (\S+) (.*)$/.exec(line) ?? [];
    if (kind === undefined || minor === undefined || rest === undefined) continue;
    const entry = at(minor);
    if (kind === 'url') entry.url = rest;
    else if (kind === 'error') entry.error = rest;
    else {
      const [name = '', revision = ''] = rest.split(' ');
      (entry.revisions[name] ??= []).push(withoutEpoch(revision));
    }
  }
  return Object.fromEntries(Object.entries(minors).map(([minor, entry]) => [minor, newestFirst(entry)]));
}

function newestFirst(entry: OfferedMinor): OfferedMinor {
  const sorted = Object.entries(entry.revisions).map(([name, revisions]) => [
    name,
    [...new Set(revisions)].toSorted((a, b) => compareRevisions(b, a)),
  ]);
  return { ...entry, revisions: Object.fromEntries(sorted) };
}
