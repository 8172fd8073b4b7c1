import { createHash } from 'node:crypto';

/** Stable pseudo-random hex of a name, so that a lab looks the same each time. */
export function hexOf(name: string, length: number): string {
  return createHash('sha256').update(`runbook-lab:${name}`).digest('hex').slice(0, length);
}

export function uuidOf(name: string): string {
  const hex = hexOf(name, 32);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-');
}

const letters = 'bcdfghjklmnpqrstvwxz2456789';

/** The suffix that Kubernetes gives to generated names. */
export function nameSuffix(seed: string, length = 5): string {
  const bytes = createHash('sha256').update(seed).digest();
  return Array.from({ length }, (_, i) => letters[(bytes[i] ?? 0) % letters.length]).join('');
}
