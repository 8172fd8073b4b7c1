import type { ActionContext } from './action.ts';
import { machineOf } from './lib/subject.ts';

/** `dnf` is dnf 4. */
export type PackageManager = 'apt' | 'dnf' | 'dnf5' | 'yum';

/** What installs packages on the node; apt where nothing is known of it. */
export function managerOf(context: ActionContext<unknown>): PackageManager {
  const { os, packages } = machineOf(context);
  if (packages?.manager !== undefined) return packages.manager;
  return os?.packageManager === 'dnf' || os?.packageManager === 'yum' ? os.packageManager : 'apt';
}

/** Why packages cannot be changed on the node; undefined where they can, or where its operating system is not known. */
export function withoutPackageManager(context: ActionContext<unknown>): string | undefined {
  const os = machineOf(context).os;
  if (!os || ['apt', 'dnf', 'yum'].includes(os.packageManager)) return undefined;
  const found =
    os.packageManager === 'unknown' ? 'neither apt nor dnf' : `${os.packageManager}, which is not supported`;
  return `${context.node.name} (${os.prettyName}) has ${found}: change its packages with run: steps`;
}
