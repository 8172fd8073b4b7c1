/** `1.32.9` of package revision `1.32.9-1.1`; a prerelease (`1.33.0~rc.1-1.1`) as Kubernetes spells it, no epoch. */
export function releaseOf(revision: string): string {
  return withoutEpoch(revision)
    .replace(/-[^-]*$/, '')
    .replace('~', '-');
}

/** A package's revision (or a lock's `0:kubelet-...`) without its epoch, whichever way its manager writes that. */
export function withoutEpoch(revision: string): string {
  return revision.replace(/^\d+(:|%3a)/i, '');
}

/** A pattern for the revisions of a release: `1.33.0~rc.1-*`, where `~` sorts before the release itself. */
export function anyRevisionOf(release: string): string {
  return `${release.replace('-', '~')}-*`;
}
