import { fileURLToPath } from 'node:url';

/** The folder of this package: src/ and dist/ alike are one level below it, and all of dist/ is in one folder. */
export const PACKAGE_ROOT = fileURLToPath(new URL('..', import.meta.url));
