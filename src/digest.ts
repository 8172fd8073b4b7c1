import { hash } from 'node:crypto';

/** sha256, hex. */
export function sha256(content: string | Buffer): string {
  return hash('sha256', content);
}
