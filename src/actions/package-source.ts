import type { LegacySource, PackageSource, RepositoryFact } from '../facts/repository.ts';

const KEYRING = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';
const LIST = '/etc/apt/sources.list.d/kubernetes.list';
/** https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/ */
export const COMMUNITY = 'https://pkgs.k8s.io';

/** What switching a node's package source to another minor means, decided on facts. */
export interface Switch {
  readonly minor: string;
  readonly baseUrl: string;
  readonly channel: PackageSource['channel'];
  /** With a trailing slash. */
  readonly url: string;
  /** What all minors have in common, without a trailing slash: `https://pkgs.k8s.io/core:/stable:`. */
  readonly repository: string;
  readonly file: string;
  readonly format: PackageSource['format'];
  /** The source that is switched; undefined where one is added. */
  readonly kept?: PackageSource;
  /** What stands in the source now, up to and with the minor; undefined where a line is added. */
  readonly from?: string;
  /** What shall stand there. */
  readonly wanted: string;
  /** The line to add where there is none. */
  readonly line: string;
  /** The file that holds the signing key; undefined where the source names none. */
  readonly keyring?: string;
  /** The signing key stands in the source itself. */
  readonly inlineKey?: true;
  /** Further enabled Kubernetes sources, which are taken out of use: two minors at once offer apt the wrong one, a legacy one nothing. */
  readonly disable: readonly (PackageSource | LegacySource)[];
}

/** Keeps file, format, signed-by and mirror of the source that is there; a base URL of the inventory goes before the mirror's. */
export function planSwitch(repository: RepositoryFact | undefined, minor: string, baseUrl?: string): Switch {
  const enabled = (repository?.sources ?? []).filter((source) => source.enabled && source.format !== 'repo');
  const source = enabled.find((candidate) => candidate.minor === minor) ?? enabled[0];
  const base = (baseUrl ?? source?.baseUrl ?? COMMUNITY).replace(/\/+$/, '');
  const channel = source?.channel ?? 'stable';
  const shared = `${base}/core:/${channel}:`;
  const wanted = `${shared}/v${minor}/`;
  const url = `${wanted}deb/`;
  const keyring = source ? source.signedBy : KEYRING;
  return {
    minor,
    baseUrl: base,
    channel,
    url,
    repository: shared,
    file: source?.file ?? LIST,
    format: source?.format === 'deb822' ? 'deb822' : 'list',
    ...(source && { kept: source, from: `${source.baseUrl}/core:/${source.channel}:/v${source.minor}/` }),
    wanted,
    line: `deb [signed-by=${KEYRING}] ${url} /`,
    // Signed-By may also hold a fingerprint or the key itself.
    ...(keyring?.startsWith('/') ? { keyring } : {}),
    ...(source?.inlineKey === true ? { inlineKey: true } : {}),
    disable: [...enabled.filter((candidate) => candidate !== source), ...legacyOf(repository)],
  };
}

/** Gone for good: they are only in the way. */
export function legacyOf(repository: RepositoryFact | undefined): LegacySource[] {
  return (repository?.legacy ?? []).filter((source) => source.enabled);
}

/** The source is the wanted one already, and no other is in the way. */
export function isSwitched(change: Switch): boolean {
  return change.from === change.wanted && change.disable.length === 0;
}

export function afterSwitch(repository: RepositoryFact | undefined, change: Switch): RepositoryFact {
  const { baseUrl, channel, file, format, keyring, kept: old, minor, url } = change;
  const sources = repository?.sources ?? [];
  const switched: PackageSource = {
    file,
    line: old?.line ?? 1,
    format,
    enabled: old?.enabled ?? true,
    url,
    baseUrl,
    channel,
    minor,
    ...(keyring === undefined ? {} : { signedBy: keyring }),
    ...(old?.signedBy === undefined ? {} : { signedBy: old.signedBy }),
    ...(old?.section === undefined ? {} : { section: old.section }),
  };
  return {
    sources: [switched, ...sources.filter((source) => source !== old).map((source) => ({ ...source, enabled: false }))],
  };
}
