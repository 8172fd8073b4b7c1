import { coerce, compare, parse, type SemVer } from 'semver';
import { releaseOf } from '../../packages/lib/revision.ts';

/** `v1.32.9` -> `1.32.9` */
export function withoutV(version: string): string {
  return version.startsWith('v') ? version.slice(1) : version;
}

/** `1.32.9` -> `1.32`; text that is no version stays as it is. */
export function minorOf(version: string): string {
  const semver = semverOf(version);
  return semver ? `${semver.major}.${semver.minor}` : version;
}

/** The number after the major: `1.32.9` -> 32; undefined when it is no version. */
export function minorNumber(version: string): number | undefined {
  return semverOf(version)?.minor;
}

/** 32 -> `1.32` */
export function minorText(minor: number): string {
  return `1.${minor}`;
}

/** Less than, equal to or greater than 0; text that is no version counts as the oldest. */
export function compareVersions(a: string, b: string): number {
  const left = semverOf(a);
  const right = semverOf(b);
  if (!left || !right) return Number(left !== null) - Number(right !== null);
  return compare(left, right);
}

/** Orders package revisions: the version, then the revision's numbers. */
export function compareRevisions(a: string, b: string): number {
  const byVersion = compareVersions(releaseOf(a), releaseOf(b));
  return byVersion === 0 ? a.localeCompare(b, 'en', { numeric: true }) : byVersion;
}

/** Few versions are compared very often. */
const parsed = new Map<string, SemVer | null>();

function semverOf(version: string): SemVer | null {
  let semver = parsed.get(version);
  if (semver === undefined) parsed.set(version, (semver = parse(withoutV(version)) ?? coerce(version)));
  return semver;
}
