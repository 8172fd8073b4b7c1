import type { LegacySource, PackageSource, SourceLine } from '../manager.ts';

/** Mirrors keep the path, never the host. */
const addressPattern = /([a-z][a-z0-9+.-]*:\/\/\S*?)\/core:\/(stable|prerelease):\/v(1\.\d+)\/[^\s\]]*/i;

/** https://kubernetes.io/blog/2023/08/31/legacy-package-repository-deprecation/ */
const legacyPattern =
  /^\w+:\/\/((apt|yum)\.kubernetes\.io\b|packages\.cloud\.google\.com\/(apt\/? kubernetes-|yum\/repos\/kubernetes-))/;

/** The source of an address (with the suite behind it), where it is one of Kubernetes. */
export function source(
  where: Omit<LegacySource, 'url'>,
  text: string,
  suite: string,
  more: Pick<PackageSource, 'signedBy' | 'inlineKey' | 'section'>,
): (PackageSource | LegacySource)[] {
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

export function stanzas(lines: readonly SourceLine[], isBoundary: (line: SourceLine) => boolean): SourceLine[][] {
  const groups: SourceLine[][] = [[]];
  for (const line of lines) {
    if (isBoundary(line)) groups.push([line]);
    else groups.at(-1)?.push(line);
  }
  return groups;
}
