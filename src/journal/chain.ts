import { sha256 } from '../digest.ts';

/** Before the first record. */
export const CHAIN_START = '';

const [BEFORE, AFTER] = [',"hash":"', '"}'];
const SEAL = BEFORE.length + 64 + AFTER.length;

/**
 * A record as a line that ends in its hash, over its text and the hash of the line before: any change of any bit shows.
 */
export function sealedLine(previous: string, record: object): { readonly line: string; readonly hash: string } {
  const text = JSON.stringify(record);
  const hash = nextHash(previous, text);
  return { line: `${text.slice(0, -1)}${BEFORE}${hash}${AFTER}`, hash };
}

/** The hash that a line ends in; undefined where it has none, or it is not that of this line after that hash. */
export function hashIn(previous: string, line: string): string | undefined {
  const at = line.length - SEAL;
  if (at < 0 || !line.startsWith(BEFORE, at) || !line.endsWith(AFTER)) return undefined;
  const hash = nextHash(previous, `${line.slice(0, at)}}`);
  return line.startsWith(hash, at + BEFORE.length) ? hash : undefined;
}

/** Of a line of version 1 too, which does not hold it: the first record of version 2 seals all before it. */
export function nextHash(previous: string, text: string): string {
  return sha256(`${previous}\n${text}`);
}
