import type { PackageSource, RepositoryFact } from '../facts/facts.ts';

const KEYRING = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';
const LIST = '/etc/apt/sources.list.d/kubernetes.list';
/** https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/ */
const COMMUNITY = 'https://pkgs.k8s.io';

/** What switching a node's package source to another minor means, decided on facts. */
export interface Switch {
  readonly minor: string;
  readonly baseUrl: string;
  readonly channel: PackageSource['channel'];
  /** With a trailing slash. */
  readonly url: string;
  readonly file: string;
  readonly format: 'list' | 'deb822';
  /** What stands in the source now, up to and with the minor; undefined where a line is added. */
  readonly from?: string;
  /** What shall stand there. */
  readonly wanted: string;
  /** The line to add where there is none. */
  readonly line: string;
  /** The file that holds the signing key; undefined where the source names none. */
  readonly keyring?: string;
  /** Further enabled Kubernetes sources, which are taken out of use: two minors at once offer apt the wrong one. */
  readonly disable: readonly PackageSource[];
}

/** Keeps file, format, signed-by and mirror of the source that is there; a base URL of the inventory goes before the mirror's. */
export function planSwitch(repository: RepositoryFact | undefined, minor: string, baseUrl?: string): Switch {
  const enabled = (repository?.sources ?? []).filter((source) => source.enabled && source.format !== 'repo');
  const source = enabled.find((candidate) => candidate.minor === minor) ?? enabled[0];
  const base = (baseUrl ?? source?.baseUrl ?? COMMUNITY).replace(/\/+$/, '');
  const channel = source?.channel ?? 'stable';
  const wanted = `${base}/core:/${channel}:/v${minor}/`;
  const url = `${wanted}deb/`;
  const keyring = source ? source.signedBy : KEYRING;
  return {
    minor,
    baseUrl: base,
    channel,
    url,
    file: source?.file ?? LIST,
    format: source?.format === 'deb822' ? 'deb822' : 'list',
    ...(source && { from: `${source.baseUrl}/core:/${source.channel}:/v${source.minor}/` }),
    wanted,
    line: `deb [signed-by=${KEYRING}] ${url} /`,
    // Signed-By may also hold a fingerprint or the key itself.
    ...(keyring?.startsWith('/') ? { keyring } : {}),
    disable: enabled.filter((candidate) => candidate !== source),
  };
}

export function isSwitched(repository: RepositoryFact, change: Switch): boolean {
  const enabled = repository.sources.filter((source) => source.enabled);
  const [only] = enabled;
  return enabled.length === 1 && only?.minor === change.minor && only.baseUrl === change.baseUrl;
}

export function afterSwitch(repository: RepositoryFact | undefined, change: Switch): RepositoryFact {
  const { baseUrl, channel, file, format, from, keyring, minor, url } = change;
  const sources = repository?.sources ?? [];
  const old = from === undefined ? undefined : sources.find((source) => isKept(source, change));
  const switched: PackageSource = {
    file,
    line: old?.line ?? 1,
    format,
    enabled: true,
    url,
    baseUrl,
    channel,
    minor,
    ...(keyring === undefined ? {} : { signedBy: keyring }),
    ...(old?.signedBy === undefined ? {} : { signedBy: old.signedBy }),
  };
  return {
    sources: [switched, ...sources.filter((source) => source !== old).map((source) => ({ ...source, enabled: false }))],
  };
}

function isKept(source: PackageSource, change: Switch): boolean {
  return source.enabled && source.format !== 'repo' && source.file === change.file && !change.disable.includes(source);
}
