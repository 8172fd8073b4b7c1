import type { Fact, FactOptions } from './fact.ts';
import { fetchFunctions } from './lib/fetch.ts';
import { quote } from '../transport/quote.ts';
import { kubernetesPackages } from './packages.ts';
import { sourceFiles } from './repository.ts';
import { compareRevisions, minorOf } from './lib/version.ts';

/** What the repository of each asked minor offers, whether or not it is configured now. By minor (`1.32`). */
export type OfferedFact = Readonly<Record<string, OfferedMinor>>;

export interface OfferedMinor {
  readonly url: string;
  /** By package: revisions (`1.32.9-1.1`), newest first. Empty when unreachable. */
  readonly revisions: Readonly<Record<string, readonly string[]>>;
  /** Why it could not be read. */
  readonly error?: string;
}

const names = kubernetesPackages.join('|');

/** Asked over HTTP, not of apt's lists: these know only the minor that is configured now, as of the last `apt-get update`. */
export const offered: Fact<OfferedFact> = {
  command: 'curl .../core:/stable:/vX.Y/deb/Packages',
  remedy: 'Look at the package sources there.',
  script: (options) =>
    [functions, prefixOf(options), ...(options.minors ?? []).map((minor) => `offer ${quote(minor)}`), 'true'].join(
      '\n',
    ),
  parse: parseOffered,
};

function prefixOf(options: FactOptions): string {
  if (options.packagesBaseUrl !== undefined) {
    return `prefix=${quote(options.packagesBaseUrl.replace(/\/+$/, ''))}/core:/stable:`;
  }
  return `prefix=$(cat ${sourceFiles} 2>/dev/null | sed -n '/^[[:space:]]*#/d; /gpgkey/d; s|^.*[[:space:]=]\\([a-z][a-z0-9+.-]*://[^[:space:]]*/core:/[a-z]*:\\)/v1\\.[0-9].*|\\1|p; s|^\\([a-z][a-z0-9+.-]*://[^[:space:]]*/core:/[a-z]*:\\)/v1\\.[0-9].*|\\1|p' | head -n 1)`;
}

const functions = `${fetchFunctions}
debs() {
  awk '/^Package: /{p=$2} /^Version: /{v=$2} /^$/{if (p ~ /^(${names})$/) print "offers: " m, p, v; p=""; v=""} END{if (p ~ /^(${names})$/) print "offers: " m, p, v}' m="$1" - | sort -u
}
rpms() {
  tr '>' '\\n' | awk '/^(${names})<\\/name$/{p=$0; sub(/<.*/, "", p)} /<version /{if (p != "") {v=$0; r=$0; sub(/.* ver="/, "", v); sub(/".*/, "", v); sub(/.* rel="/, "", r); sub(/".*/, "", r); print "offers: " m, p, v "-" r; p=""}}' m="$1" - | sort -u
}
unpacked() {
  case $1 in *.gz) gzip -dc ;; *.xz) xz -dc ;; *.zst) zstd -dc ;; *.bz2) bzip2 -dc ;; *) cat ;; esac 2>/dev/null
}
listed() {
  awk '$1 ~ /^(${names})$/ {print "offers: " m, $1, $2}' m="$1" - | sort -u
}
offer() {
  if [ -z "$prefix" ]; then printf 'error: %s no package source of Kubernetes is configured\\n' "$1"; return; fi
  if command -v dpkg-query >/dev/null 2>&1; then
    url=$prefix/v$1/deb/; printf 'url: %s %s\\n' "$1" "$url"
    index=$(fetch "\${url}Packages" 2>/dev/null); code=$?
    found=$(printf '%s\\n' "$index" | debs "$1")
    if [ -z "$found" ] && [ "$code" != 28 ]; then found=$(fetch "\${url}Packages.gz" 2>/dev/null | gzip -dc 2>/dev/null | debs "$1"); fi
    [ -n "$found" ] || why=$(fetch "\${url}Packages" 2>&1 >/dev/null | tail -n 1)
  else
    url=$prefix/v$1/rpm/; printf 'url: %s %s\\n' "$1" "$url"
    primary=$(fetch "\${url}repodata/repomd.xml" 2>/dev/null | grep -o 'href="[^"]*primary\\.xml[^"]*"' | sed 's/^href="//; s/"$//' | head -n 1)
    found=; [ -z "$primary" ] || found=$(fetch "$url$primary" 2>/dev/null | unpacked "$primary" | rpms "$1")
    # It has the certificates and credentials of the configuration, and every compression.
    if [ -z "$found" ]; then found=$(dnf -q --repofrompath=offered,"$url" --repo=offered repoquery --showduplicates --qf '%{name} %{version}-%{release}\\n' 2>/dev/null | listed "$1"); fi
    [ -n "$found" ] || why=$(fetch "\${url}repodata/repomd.xml" 2>&1 >/dev/null | tail -n 1)
  fi
  if [ -n "$found" ]; then printf '%s\\n' "$found"; else printf 'error: %s %s\\n' "$1" "\${why:-it lists none of the packages of Kubernetes}"; fi
}`;

export function parseOffered(output: string): OfferedFact {
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
      (entry.revisions[name] ??= []).push(revision.replace(/^\d+:/, ''));
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

/** The minors of versions, each once, for {@link FactOptions.minors}. */
export function minorsOf(versions: readonly string[]): string[] {
  return [...new Set(versions.map(minorOf))];
}
