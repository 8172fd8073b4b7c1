import { quote } from '../../transport/quote.ts';
import type { LegacySource, PackageSource, PackageSources, Script, Switch } from '../manager.ts';
import { FILES, sedPattern, sedReplacement } from './files.ts';
import { waitUnlocked } from './lock.ts';
import { legacyOf, switchOf } from './switch.ts';

/** The section that a switch adds where there is none. */
const ID = 'kubernetes';

/** The id of the section that is switched. */
export function sectionOf({ kept }: Switch): string {
  return kept?.section?.id ?? ID;
}

/**
 * {@link Switch} for a .repo file: one section, whose `baseurl` and `gpgkey` move together. A disabled section counts
 * if none is enabled: it may be one that is only enabled by an option of each call.
 */
export function planRpmSwitch(
  found: PackageSources | undefined,
  minor: string,
  baseUrl: string | undefined,
  added: { readonly file: string; readonly lines: string },
): Switch {
  const all = (found?.sources ?? []).filter((source) => source.format === 'repo' && source.section);
  const enabled = all.filter((source) => source.enabled);
  const usable = enabled.length > 0 ? enabled : all;
  const kept = usable.find((source) => source.minor === minor) ?? usable[0];
  const change = switchOf(kept, minor, baseUrl, 'rpm');
  return {
    ...change,
    file: kept?.file ?? added.file,
    format: 'repo',
    line: documentedSection(change.url, added.lines),
    disable: [...enabled.filter((source) => source !== kept), ...legacyOf(found)],
  };
}

/** https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/ */
function documentedSection(url: string, more: string): string {
  return `[${ID}]
name=Kubernetes
baseurl=${url}
enabled=1
gpgcheck=1
gpgkey=${url}repodata/repomd.xml.key${more}`;
}

/** A shell word list: the addresses of the section's keys as they are in its file by then. */
export function keysOf(change: Switch): string {
  const program = `/^\\[/ { own = ($0 == "[${sectionOf(change)}]") } own && sub(/^gpgkey[ \\t]*=[ \\t]*/, "")`;
  return `$(awk ${quote(program)} ${quote(change.file)})`;
}

/** Works on copies, reads the new source alone by `read`, and puts everything back where that fails. */
export function switchSection(change: Switch, own: { readonly locks: string; readonly read: Script }): Script {
  const { disable, file, from, line, wanted } = change;
  const files = [...new Set([file, ...disable.map((source) => source.file)])];
  const edits = [...(from === undefined ? [] : movedTo(change)), ...disable.map(disabled)];
  return {
    commands: [
      from === undefined
        ? `printf '%s\\n' ${quote(line)} >>${quote(file)}`
        : `sed -i ${quote(`s|${from}|${wanted}|`)} ${quote(file)}`,
      ...disable.map(
        (source) => `sed -i ${quote(`${source.section?.first ?? source.line}a enabled=0`)} ${quote(source.file)}`,
      ),
      ...own.read.commands,
    ],
    text: [
      "set -u\nexport LC_ALL=C\ntrap ':' HUP INT TERM",
      waitUnlocked(own.locks),
      FILES,
      `wait_unlocked || exit
${files.map((name) => `stage ${quote(name)} || exit`).join('\n')}
${from === undefined ? `printf '%s\\n' ${quote(line)} >>${quote(`${file}.new.save`)} || exit\n` : ''}${edits.map(applied).join('\n')}
if grep -Fq ${quote(wanted)} ${quote(`${file}.new.save`)}; then :; else
  echo ${quote(`${file} is not as it was when it was read: nothing was changed`)} >&2
  rm -f ${files.map((name) => quote(`${name}.new.save`)).join(' ')}
  exit 1
fi`,
      swapped(files.map(quote).join(' '), own.read.text),
    ].join('\n\n'),
  };
}

interface Edit {
  readonly file: string;
  /** Programs of sed. */
  readonly programs: readonly string[];
}

/** The key may be fetched from elsewhere than the packages: its minor moves all the same. */
function movedTo({ channel, file, from, kept, minor, wanted }: Switch): Edit[] {
  if (from === undefined || kept?.section === undefined) return [];
  const { first, last } = kept.section;
  const lines = `${first},${last}`;
  const old = `core:/${kept.channel}:/v${kept.minor}/`;
  return [
    {
      file,
      programs: [
        `${lines}{/^[[:space:]]*#/!s|${sedPattern(from)}|${sedReplacement(wanted)}|g;}`,
        `${lines}{/^[[:space:]]*#/!s|${sedPattern(old)}|${sedReplacement(`core:/${channel}:/v${minor}/`)}|g;}`,
      ],
    },
  ];
}

/** A section without an address would break every call, so it is disabled as a whole. */
function disabled({ file, line, section }: PackageSource | LegacySource): Edit {
  const { first, last } = section ?? { first: line, last: line };
  return {
    file,
    programs: [`${first},${last}{/^[[:space:]]*enabled[[:space:]]*=/d;}`, `${first}s/$/\\nenabled=0/`],
  };
}

function applied({ file, programs }: Edit): string {
  const staged = quote(`${file}.new.save`);
  const next = quote(`${file}.2.save`);
  const words = programs.map((program) => `-e ${quote(program)}`).join(' ');
  return `sed ${words} ${staged} >${next} && mv -f ${next} ${staged} && chmod 0644 ${staged} || exit`;
}

function swapped(files: string, read: string): string {
  return `rc=0
for file in ${files}; do keep "$file" || exit; done
for file in ${files}; do mv -f "$file.new.save" "$file" || rc=$?; done
if [ "$rc" -eq 0 ]; then ${read} || rc=$?; fi
if [ "$rc" -ne 0 ]; then
  echo 'the new source cannot be read: the old one is put back' >&2
  for file in ${files}; do put_back "$file"; done
  exit "$rc"
fi
for file in ${files}; do rm -f "$file.before.save"; done
exit 0
`;
}

/** Ids of the Kubernetes sections that an installation uses: the enabled ones, else all. */
export function sectionIds(found: PackageSources | undefined): string[] {
  const sources = (found?.sources ?? []).filter((source) => source.format === 'repo');
  const used = sources.some((source) => source.enabled) ? sources.filter((source) => source.enabled) : sources;
  return [...new Set(used.flatMap((source) => (source.section ? [source.section.id] : [])))];
}
