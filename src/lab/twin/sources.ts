import { keyring, putFile } from '../machine-files.ts';
import type { Machine } from '../machine.ts';
import type { TwinNodeFacts, TwinSource } from './document.ts';

/** Files that name package sources of Kubernetes in a fresh lab. */
const usual = [
  '/etc/apt/sources.list.d/kubernetes.list',
  '/etc/yum.repos.d/kubernetes.repo',
  '/etc/zypp/repos.d/kubernetes.repo',
];

/** The package sources of Kubernetes, each in its file, at its line; and their keys. */
export async function writeSources(machine: Machine, { repository, repositoryKeys }: TwinNodeFacts): Promise<void> {
  if (!repository) return;
  for (const file of usual) await machine.fs.rm(file, { force: true });
  const all: readonly (TwinSource & { readonly minor?: string })[] = [
    ...repository.sources,
    ...(repository.legacy ?? []),
  ];
  for (const file of new Set(all.map((source) => source.file))) {
    const own = all.filter((source) => source.file === file).toSorted((a, b) => a.line - b.line);
    await putFile(machine, file, `${linesOf(own).join('\n')}\n`);
  }
  for (const { signedBy, url } of all) {
    if (signedBy === undefined) continue;
    const known = repositoryKeys?.keyrings.find(({ file }) => file === signedBy);
    const keys = known?.keys.map(({ id, expires }) => `key: ${id} ${expires ?? ''}\n`).join('');
    await putFile(machine, signedBy, `${keyring(/\/v(1\.\d+)\//.exec(url)?.[1] ?? '')}${keys ?? ''}`);
  }
  // Nothing there reads them.
  const unread = repositoryKeys?.keyrings.length === 0 && all.some(({ signedBy }) => signedBy !== undefined);
  if (unread) machine.binaries.set('gpg', undefined);
}

function linesOf(sources: readonly TwinSource[]): string[] {
  const lines: string[] = [];
  const put = (number: number, text: string) => {
    while (lines.length < number) lines.push('');
    lines[number - 1] = text;
  };
  for (const [index, source] of sources.entries()) {
    const next = sources[index + 1]?.line ?? Infinity;
    if (source.format === 'list') put(source.line, listLine(source));
    else if (source.format === 'deb822') {
      const before = lines[source.line - 1];
      if (before?.startsWith('URIs:')) put(source.line, `${before} ${source.url}`);
      else put(source.line, `URIs: ${source.url}`);
      for (const [offset, text] of stanzaFields(source).entries())
        if (source.line + 1 + offset < next - 1) put(source.line + 1 + offset, text);
    } else section(source, put);
  }
  return lines.map((text) => (text === '' && sources[0]?.format === 'list' ? '#' : text));
}

function listLine({ enabled, url, signedBy }: TwinSource): string {
  const suite = /core:\//.test(url) ? '/' : 'kubernetes-xenial main';
  return `${enabled ? '' : '# '}deb ${signedBy === undefined ? '' : `[signed-by=${signedBy}] `}${url} ${suite}`;
}

/** What the stanza says beside the address; the least first: there may be no room for more. */
function stanzaFields({ enabled, signedBy, inlineKey }: TwinSource): string[] {
  return [
    ...(enabled ? [] : ['Enabled: no']),
    ...(signedBy === undefined ? [] : [`Signed-By: ${signedBy}`]),
    ...(inlineKey ? ['Signed-By: -----BEGIN PGP PUBLIC KEY BLOCK-----'] : []),
    'Suites: /',
    'Types: deb',
  ];
}

/** Its lines that are not known are filled with what such a section has. */
function section(
  { section: place, line, enabled, url }: TwinSource,
  put: (number: number, text: string) => void,
): void {
  const { id, first, last } = place ?? { id: 'kubernetes', first: line - 1, last: line };
  put(first, `[${id}]`);
  const free = Array.from({ length: last - first }, (_, index) => first + 1 + index).filter((one) => one !== line);
  const wanted = [`enabled=${enabled ? 1 : 0}`, `name=${id}`, 'gpgcheck=1', `gpgkey=${url}repodata/repomd.xml.key`];
  const excludes = 'exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni';
  for (const [index, at] of free.entries()) put(at, [...wanted, excludes][index] ?? '# ');
  put(line, `${enabled || free.length > 0 ? '' : '#'}baseurl=${url}`);
}
