import type { Fact } from './fact.ts';

/** Configured package sources that point at a Kubernetes community repository or a mirror of it. */
export interface RepositoryFact {
  readonly sources: readonly PackageSource[];
  /** Sources of apt.kubernetes.io and yum.kubernetes.io, which are gone since March 2024. */
  readonly legacy?: readonly LegacySource[];
}

export type LegacySource = Pick<PackageSource, 'file' | 'line' | 'format' | 'enabled' | 'url' | 'section'>;

export interface PackageSource {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly format: 'list' | 'deb822' | 'repo';
  readonly enabled: boolean;
  /** The whole address, e.g. `https://pkgs.k8s.io/core:/stable:/v1.31/deb/`. */
  readonly url: string;
  /** What stands before `core:`, without a trailing slash. */
  readonly baseUrl: string;
  readonly channel: 'stable' | 'prerelease';
  /** `1.31` */
  readonly minor: string;
  /** The keyring file named by signed-by, if any. */
  readonly signedBy?: string;
  /** A deb822 source that holds the armored key itself. */
  readonly inlineKey?: true;
  /** Of a .repo file: the section's id, and its first and last line. */
  readonly section?: { readonly id: string; readonly first: number; readonly last: number };
}

/** Mirrors keep the path, never the host. */
const addressPattern = /([a-z][a-z0-9+.-]*:\/\/\S*?)\/core:\/(stable|prerelease):\/v(1\.\d+)\/[^\s\]]*/i;

/** https://kubernetes.io/blog/2023/08/31/legacy-package-repository-deprecation/ */
const legacyPattern =
  /^\w+:\/\/((apt|yum)\.kubernetes\.io\b|packages\.cloud\.google\.com\/(apt\/? kubernetes-|yum\/repos\/kubernetes-))/;

export const sourceFiles =
  '/etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources /etc/yum.repos.d/*.repo';

export const repository: Fact<RepositoryFact> = {
  command: `grep core: ${sourceFiles}`,
  remedy: 'Look at the package sources there.',
  script: () =>
    `for file in ${sourceFiles}; do
  [ -f "$file" ] || continue
  if grep -Eq 'core:/|[ /.]kubernetes[-.]' "$file"; then grep -n '' "$file" /dev/null || exit; fi
done
true`,
  parse: parseRepository,
};

/** A line of a file, as `grep -n '' FILE /dev/null` prints it. */
interface Line {
  readonly number: number;
  readonly text: string;
}

export function parseRepository(output: string): RepositoryFact {
  const files = new Map<string, Line[]>();
  for (const printed of output.split('\n')) {
    const [, file, number, text] = /^(\/.+?):(\d+):(.*)$/.exec(printed) ?? [];
    if (file === undefined || text === undefined) continue;
    const lines = files.get(file) ?? [];
    lines.push({ number: Number(number), text: text.trimEnd() });
    files.set(file, lines);
  }
  const found = [...files].flatMap(([file, lines]) => sourcesOf(file, lines));
  const legacy = found.filter((source) => !('minor' in source));
  return { sources: found.filter((source) => 'minor' in source), ...(legacy.length > 0 ? { legacy } : {}) };
}

type Source = PackageSource | LegacySource;

function sourcesOf(file: string, lines: readonly Line[]): Source[] {
  if (file.endsWith('.sources')) return deb822Sources(file, lines);
  if (file.endsWith('.repo')) return repoSources(file, lines);
  return listSources(file, lines);
}

/** sources.list(5), one line each; a commented one is disabled. */
function listSources(file: string, lines: readonly Line[]): Source[] {
  return lines.flatMap(({ number, text }) => {
    const entry = /^\s*(#[#\s]*)?deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s*(\S*)/.exec(text);
    if (!entry) return [];
    const [, comment, options = '', url = '', suite = ''] = entry;
    // Several keyrings are separated by commas: the first one is kept up to date.
    const signedBy = /(?:^|\s)signed-by=([^\s,]+)/i.exec(options)?.[1];
    const where = { file, line: number, format: 'list', enabled: comment === undefined } as const;
    return source(where, url, suite, signedBy === undefined ? {} : { signedBy });
  });
}

/** Stanzas of `Field: value`, continued by indented lines, separated by empty ones; `#` starts a comment line. */
function deb822Sources(file: string, lines: readonly Line[]): Source[] {
  return stanzas(lines, (line) => line.text.trim() === '').flatMap((stanza) => {
    const fields = new Map<string, { readonly number: number; readonly words: string[] }[]>();
    let field = '';
    for (const { number, text } of stanza) {
      if (/^\s*#/.test(text)) continue;
      const start = /^([A-Za-z-]+):(.*)$/.exec(text);
      field = start?.[1]?.toLowerCase() ?? field;
      const words = (start?.[2] ?? text).split(/\s+/).filter((word) => word !== '');
      fields.set(field, [...(fields.get(field) ?? []), { number, words }]);
    }
    const words = (name: string) => (fields.get(name) ?? []).flatMap((value) => value.words);
    const enabled = !/^(no|false|without|off|disable|0)$/i.test(words('enabled')[0] ?? 'yes');
    const [signedBy] = words('signed-by');
    const key = signedBy?.startsWith('/')
      ? { signedBy }
      : signedBy === '-----BEGIN'
        ? { inlineKey: true as const }
        : {};
    return (fields.get('uris') ?? []).flatMap(({ number, words: urls }) =>
      urls.flatMap((url) =>
        source({ file, line: number, format: 'deb822', enabled }, url, words('suites')[0] ?? '', key),
      ),
    );
  });
}

/** dnf's ini sections; only `baseurl` counts (gpgkey has the same path). */
function repoSources(file: string, lines: readonly Line[]): Source[] {
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

function stanzas(lines: readonly Line[], isBoundary: (line: Line) => boolean): Line[][] {
  const groups: Line[][] = [[]];
  for (const line of lines) {
    if (isBoundary(line)) groups.push([line]);
    else groups.at(-1)?.push(line);
  }
  return groups;
}

function source(
  where: Omit<LegacySource, 'url'>,
  text: string,
  suite: string,
  more: Pick<PackageSource, 'signedBy' | 'inlineKey' | 'section'>,
): Source[] {
  const [url, baseUrl, channel, minor] = addressPattern.exec(text.endsWith('/') ? text : `${text}/`) ?? [];
  if (url === undefined || baseUrl === undefined || minor === undefined)
    return legacyPattern.test(`${text} ${suite}`)
      ? [{ ...where, url: text, ...(more.section && { section: more.section }) }]
      : [];
  return [
    {
      ...where,
      url: text.includes(url) ? url : text,
      baseUrl,
      channel: channel === 'prerelease' ? 'prerelease' : 'stable',
      minor,
      ...more,
    },
  ];
}
