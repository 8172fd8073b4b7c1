import { kubernetesPackages, type LegacySource, type PackageSource, type SourceLine, type Wanted } from '../manager.ts';
import { source, stanzas } from './sources.ts';

/** Sections of a .repo file; only `baseurl` counts (gpgkey has the same path). */
export function repoSources(file: string, lines: readonly SourceLine[]): (PackageSource | LegacySource)[] {
  return stanzas(lines, (line) => /^\s*\[/.test(line.text)).flatMap((section) => {
    const disabled = section.some(({ text }) => /^enabled\s*=\s*(0|no|false|off)\s*$/i.test(text.trim()));
    const id = /^\s*\[([^\]]+)\]/.exec(section[0]?.text ?? '')?.[1]?.trim() ?? '';
    const range = { id, first: section[0]?.number ?? 0, last: section.at(-1)?.number ?? 0 };
    return section.flatMap(({ number, text }) => {
      const entry = /^\s*(#\s*)?baseurl\s*=\s*(\S+)/.exec(text);
      const enabled = !disabled && entry?.[1] === undefined;
      return entry
        ? source({ file, line: number, format: 'repo', enabled }, entry[2] ?? '', '', { section: range })
        : [];
    });
  });
}

const names = kubernetesPackages.join('|');

/**
 * Reads the index of a repository. `fallback`: shell commands that print `NAME REVISION` lines of the repository at
 * `$url`, if its index cannot be fetched or unpacked.
 */
export function rpmOffered(fallback?: string): string {
  return `rpms() {
  tr '>' '\\n' | awk '/^(${names})<\\/name$/{p=$0; sub(/<.*/, "", p)} /<version /{if (p != "") {v=$0; r=$0; sub(/.* ver="/, "", v); sub(/".*/, "", v); sub(/.* rel="/, "", r); sub(/".*/, "", r); print "offers: " m, p, v "-" r; p=""}}' m="$1" - | sort -u
}
unpacked() {
  case $1 in *.gz) gzip -dc ;; *.xz) xz -dc ;; *.zst) zstd -dc ;; *.bz2) bzip2 -dc ;; *) cat ;; esac 2>/dev/null
}
offered() {
  url=$2/v$1/rpm/; printf 'url: %s %s\\n' "$1" "$url"
  primary=$(fetch "\${url}repodata/repomd.xml" 2>/dev/null | grep -o 'href="[^"]*primary\\.xml[^"]*"' | sed 's/^href="//; s/"$//' | head -n 1)
  found=; [ -z "$primary" ] || found=$(fetch "$url$primary" 2>/dev/null | unpacked "$primary" | rpms "$1")
${fallback === undefined ? '' : `  if [ -z "$found" ]; then found=$(${fallback} | awk '$1 ~ /^(${names})$/ {print "offers: " m, $1, $2}' m="$1" - | sort -u); fi\n`}  [ -z "$found" ] || { printf '%s\\n' "$found"; return; }
  why=$(fetch "\${url}repodata/repomd.xml" 2>&1 >/dev/null | tail -n 1)
}`;
}

/** Shell function `archives NAME` for caches whose packages match these globs, up to the package's name. */
export function rpmArchives(folders: readonly string[]): string {
  return `archives() {
  for file in ${folders.map((folder) => `${folder}/"$1"-[0-9]*.rpm`).join(' ')}; do
    if [ -f "$file" ]; then printf 'archive: %s\\n' "$file"; fi
  done
}`;
}

export function rpmArchiveOf(file: string): Wanted | undefined {
  const base = file.slice(file.lastIndexOf('/') + 1);
  const name = kubernetesPackages.find((known) => base.startsWith(`${known}-`));
  const revision = /^(\d.*)\.[^.]+\.rpm$/.exec(base.slice((name ?? '').length + 1))?.[1];
  return name === undefined || revision === undefined ? undefined : { name, revision };
}

export function unpackRpm(revision: string, folder: string): string {
  return `rpm=$(archives kubeadm | sed 's/^archive: //' | grep -F '/kubeadm-${revision}.' | head -n 1)
if [ -n "$rpm" ]; then (cd ${folder} && rpm2cpio "$rpm" | cpio -idm --quiet ./usr/bin/kubeadm) || exit; fi`;
}

/** Shell function `software NAME`; an interrupted transaction leaves two, of which the later one counts. */
export const rpmSoftware = `software() {
  rpm -q --qf 'installed: %{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} ii %{INSTALLTIME}\\n' "$1" 2>/dev/null | grep '^installed: ' | sort -k5,5n | tail -n 1
}`;
