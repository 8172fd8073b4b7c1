import { withoutEpoch } from './revision.ts';

/** A package as a runbook names it: `containerd.io`, or `containerd.io=2.1` with the version that it is to have. */
export interface Pin {
  readonly name: string;
  /** A whole revision, or the beginning of one; undefined: the newest. */
  readonly version?: string;
}

/** `version` is that of words which give none. */
export function pinOf(word: string, version?: string): Pin {
  const at = word.indexOf('=');
  const own = at < 0 ? version : word.slice(at + 1);
  return { name: at < 0 ? word : word.slice(0, at), ...(own === undefined ? {} : { version: own }) };
}

/** Suffixes that sort before the release itself: `2.1.0~rc.1`. */
const PRERELEASE = /^~(alpha|beta|dev|pre|rc)/;

/**
 * Does a version name this revision? `2.1` does 2.1.4-1, and neither 2.10.0-1 nor 2.1.0~rc.1; `1.6.20` does
 * `1.6.20~ds1-1+deb12u1`, where what follows the tilde is of Debian. With or without the epoch.
 */
export function fits(revision: string, version: string | undefined): boolean {
  if (version === undefined || revision === version) return true;
  const [own, wanted] = [withoutEpoch(revision), withoutEpoch(version)];
  if (own === wanted) return true;
  const rest = own.slice(wanted.length);
  return own.startsWith(wanted) && /^[.~+_-]/.test(rest) && !PRERELEASE.test(rest);
}

/** Orders revisions, the newer one last: numbers by value, `~` before the end (deb-version(7), rpm's rpmvercmp). */
export function compareEditions(a: string, b: string): number {
  const epoch = (edition: string) => Number(/^(\d+):/.exec(edition)?.[1] ?? 0);
  const difference = epoch(a) - epoch(b);
  if (difference !== 0) return difference;
  const [left, right] = [partsOf(withoutEpoch(a)), partsOf(withoutEpoch(b))];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const order = comparePart(left[at], right[at]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Runs of digits, and single characters between them. */
function partsOf(edition: string): string[] {
  return edition.match(/\d+|\D/g) ?? [];
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === '~' || b === '~') return a === '~' ? -1 : 1;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const [left, right] = [Number(a), Number(b)];
  if (/^\d/.test(a) && /^\d/.test(b)) return left - right;
  // `.` and `-` end a number, so that what goes on by digits or letters is the newer one.
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function rank(part: string): number {
  if (part === '-') return 0;
  if (part === '.') return 1;
  return /^[a-z]/i.test(part) ? 2 : /^\d/.test(part) ? 3 : 1;
}
