import type { LegacySource, PackageSource, RepositoryFact } from '../facts/repository.ts';
import type { StepScript } from './action.ts';
import { readMetadata, type RpmManager } from './dnf.ts';
import { waitUnlocked } from './package-lock.ts';
import { FILES } from './package-repo-script.ts';
import { COMMUNITY, legacyOf, type Switch } from './package-source.ts';
import { sedPattern, sedReplacement } from './lib/shell.ts';
import { quote } from '../transport/quote.ts';

const FILE = '/etc/yum.repos.d/kubernetes.repo';
const ID = 'kubernetes';

/** {@link Switch} for a .repo file: one section, whose `baseurl` and `gpgkey` move together. */
export interface RpmSwitch extends Switch {
  readonly id: string;
}

/** A disabled section counts where none is enabled: it may be one that is only used by `--enablerepo`. */
export function planRpmSwitch(repository: RepositoryFact | undefined, minor: string, baseUrl?: string): RpmSwitch {
  const all = (repository?.sources ?? []).filter((source) => source.format === 'repo' && source.section);
  const enabled = all.filter((source) => source.enabled);
  const usable = enabled.length > 0 ? enabled : all;
  const kept = usable.find((source) => source.minor === minor) ?? usable[0];
  const base = (baseUrl ?? kept?.baseUrl ?? COMMUNITY).replace(/\/+$/, '');
  const channel = kept?.channel ?? 'stable';
  const shared = `${base}/core:/${channel}:`;
  const wanted = `${shared}/v${minor}/`;
  return {
    minor,
    baseUrl: base,
    channel,
    url: `${wanted}rpm/`,
    repository: shared,
    file: kept?.file ?? FILE,
    format: 'repo',
    ...(kept && { kept, from: `${kept.baseUrl}/core:/${kept.channel}:/v${kept.minor}/` }),
    id: kept?.section?.id ?? ID,
    wanted,
    line: sectionOf(`${wanted}rpm/`),
    disable: [...enabled.filter((source) => source !== kept), ...legacyOf(repository)],
  };
}

/** https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/ */
function sectionOf(url: string): string {
  return `[${ID}]
name=Kubernetes
baseurl=${url}
enabled=1
gpgcheck=1
gpgkey=${url}repodata/repomd.xml.key
exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni`;
}

export function rpmSwitchScript(change: RpmSwitch, manager: RpmManager): StepScript {
  const { disable, file, from, id, line, wanted } = change;
  const metadata = readMetadata(manager, [id]);
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
      metadata,
    ],
    text: [
      "set -u\nexport LC_ALL=C\ntrap ':' HUP INT TERM",
      waitUnlocked('rpm'),
      FILES,
      `wait_unlocked || exit
${files.map((name) => `stage ${quote(name)} || exit`).join('\n')}
${from === undefined ? `printf '%s\\n' ${quote(line)} >>${quote(`${file}.new.save`)} || exit\n` : ''}${edits.map(applied).join('\n')}
if grep -Fq ${quote(wanted)} ${quote(`${file}.new.save`)}; then :; else
  echo ${quote(`${file} is not as it was when it was read: nothing was changed`)} >&2
  rm -f ${files.map((name) => quote(`${name}.new.save`)).join(' ')}
  exit 1
fi`,
      swapped(files.map(quote).join(' '), metadata),
    ].join('\n\n'),
  };
}

interface Edit {
  readonly file: string;
  /** Programs of sed. */
  readonly programs: readonly string[];
}

/** The key may be fetched from elsewhere than the packages: its minor moves all the same. */
function movedTo({ channel, file, from, kept, minor, wanted }: RpmSwitch): Edit[] {
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

/** A section without an address would break every call of dnf, so it is disabled as a whole. */
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

function swapped(files: string, metadata: string): string {
  return `rc=0
for file in ${files}; do keep "$file" || exit; done
for file in ${files}; do mv -f "$file.new.save" "$file" || rc=$?; done
if [ "$rc" -eq 0 ]; then ${metadata} || rc=$?; fi
if [ "$rc" -ne 0 ]; then
  echo 'the new source cannot be read: the old one is put back' >&2
  for file in ${files}; do put_back "$file"; done
  exit "$rc"
fi
for file in ${files}; do rm -f "$file.before.save"; done
exit 0
`;
}
