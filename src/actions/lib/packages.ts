import type { PackageManager } from '../../packages/manager.ts';
import { anyRevisionOf, releaseOf } from '../../packages/lib/revision.ts';
import { managerOf, managers } from '../../packages/registry.ts';
import type { ActionContext, StepScript } from '../action.ts';
import { minorOf } from './release.ts';
import { refusal } from './shell.ts';
import { machineOf } from './subject.ts';

/** Why packages cannot be changed on the node; undefined where they can, or where its operating system is not known. */
export function withoutPackageManager(context: ActionContext<unknown>): string | undefined {
  const machine = machineOf(context);
  if (managerOf(machine)) return undefined;
  const names = managers.map(({ displayName }) => displayName).join(', ');
  return `${context.node.name} (${machine.os?.prettyName ?? 'unknown'}) has none of ${names}: change its packages with run: steps`;
}

/** The script of the node's package manager; one that refuses where it has none. */
export function scriptOfManager(
  context: ActionContext<unknown>,
  make: (manager: PackageManager) => StepScript,
): StepScript {
  const manager = managerOf(machineOf(context));
  return manager ? make(manager) : { commands: [], text: refusal(withoutPackageManager(context) ?? '') };
}

/** The newest offered revision of the release, as the install will take it; else what is installed of it, or any. */
export function revisionFor(context: ActionContext<unknown>, name: string, version: string): string {
  const { offered, packages } = machineOf(context);
  const installed = packages?.installed[name]?.revision;
  if (installed !== undefined && releaseOf(installed) === version) return installed;
  const revisions = offered?.[minorOf(version)]?.revisions[name] ?? [];
  return revisions.find((revision) => releaseOf(revision) === version) ?? anyRevisionOf(version);
}

/** The abbreviated status: wanted (any), then `i` for installed, then no error flag. */
export function isSound(status: string): boolean {
  return /^[a-z]i$/.test(status.trim()) || status.trim() === 'installed';
}
