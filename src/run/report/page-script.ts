import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../package-root.ts';

/** The script of the page of a report, which the build bundles. */
export function pageScript(): Promise<string> {
  return readFile(join(PACKAGE_ROOT, 'dist', 'report-page.js'), 'utf8');
}
