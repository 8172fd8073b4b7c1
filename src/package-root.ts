import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of this package: src/ and dist/ alike are one level below it, and all of dist/ is in one folder. */
export const PACKAGE_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The release of this program. */
export function programVersion(): string {
  const file: { version: string } = JSON.parse(readFileSync(`${PACKAGE_ROOT}/package.json`, 'utf8'));
  return file.version;
}
