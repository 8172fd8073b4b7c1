import type { LegacySource, PackageSource, PackageSources, Switch } from '../manager.ts';

/** https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/ */
const COMMUNITY = 'https://pkgs.k8s.io';

/** The part of a {@link Switch} that is the same for all managers; `folder` is the one below the minor's address. */
export function switchOf(
  kept: PackageSource | undefined,
  minor: string,
  baseUrl: string | undefined,
  folder: 'deb' | 'rpm',
): Pick<Switch, 'minor' | 'baseUrl' | 'channel' | 'url' | 'repository' | 'kept' | 'from' | 'wanted'> {
  const base = (baseUrl ?? kept?.baseUrl ?? COMMUNITY).replace(/\/+$/, '');
  const channel = kept?.channel ?? 'stable';
  const repository = `${base}/core:/${channel}:`;
  const wanted = `${repository}/v${minor}/`;
  return {
    minor,
    baseUrl: base,
    channel,
    url: `${wanted}${folder}/`,
    repository,
    ...(kept && { kept, from: `${kept.baseUrl}/core:/${kept.channel}:/v${kept.minor}/` }),
    wanted,
  };
}

/** Their repositories are gone: they are only in the way. */
export function legacyOf(found: PackageSources | undefined): LegacySource[] {
  return (found?.legacy ?? []).filter((source) => source.enabled);
}

/** The source is the wanted one already, and no other is in the way. */
export function isSwitched(change: Switch): boolean {
  return change.from === change.wanted && change.disable.length === 0;
}

export function afterSwitch(found: PackageSources | undefined, change: Switch): PackageSources {
  const { baseUrl, channel, file, format, keyring, kept: old, minor, url } = change;
  const sources = found?.sources ?? [];
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
