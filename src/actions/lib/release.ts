import semver from 'semver';
import { z } from 'zod';

/** A Kubernetes release: `1.32.9`, `1.33.0-rc.1`. */
export const release = z
  .string()
  .regex(
    /^\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?$/,
    'a Kubernetes release such as 1.32.9, in quotes where YAML would read a number',
  );

/** `1.32` of `1.32.9`. */
export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** `1.32.9` of `v1.32.9`. */
export function bare(tag: string): string {
  return tag.replace(/^v/, '');
}

/** False where either is no version. */
export function atLeast(version: string | undefined, wanted: string): boolean {
  const [left, right] = [semver.parse(version ?? ''), semver.parse(wanted)];
  return left !== null && right !== null && semver.gte(left, right);
}

/** Is the release's minor below `1.<minor>`? */
export function isBefore(version: string, minor: number): boolean {
  return Number(version.split('.')[1]) < minor;
}
