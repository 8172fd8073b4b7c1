import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type * as runbookLab from 'runbook-lab';
import { Failure } from '../failure.ts';
import { PACKAGE_ROOT } from '../package-root.ts';

export type LabPackage = typeof runbookLab;

/** The lab is a package of its own. @throws Failure (usage) where it is not installed */
export async function loadLab(): Promise<LabPackage> {
  const lab = await findLab();
  if (lab) return lab;
  throw new Failure('usage', 'the lab is not installed', [
    'The lab, a simulated cluster to try and rehearse runbooks on, is a package of its own.',
    `Install it: ${installCommand()}`,
  ]);
}

/** Undefined where it is not installed. @throws what the import threw, unless the package itself is missing */
export function findLab(): Promise<LabPackage | undefined> {
  return import('runbook-lab').catch((error: unknown) => {
    const isMissing =
      error instanceof Error &&
      'code' in error &&
      error.code === 'ERR_MODULE_NOT_FOUND' &&
      error.message.includes("package 'runbook-lab'");
    if (!isMissing) throw error;
    return undefined;
  });
}

/** Puts the lab beside this program: into the same checkout, project or global folder. */
function installCommand(): string {
  const program = resolve(PACKAGE_ROOT);
  const modules = dirname(program);
  if (basename(modules) !== 'node_modules') return `npm ci${prefix(program)}`;
  const project = dirname(modules);
  const isProject = existsSync(join(project, 'package.json'));
  const { version }: { version: string } = JSON.parse(readFileSync(join(program, 'package.json'), 'utf8'));
  return `npm install runbook-lab@${version}${isProject ? prefix(project) : ' --global'}`;
}

function prefix(folder: string): string {
  return folder === process.cwd() ? '' : ` --prefix ${folder}`;
}
