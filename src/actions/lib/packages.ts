import type { PackagesFact } from '../../facts/packages.ts';
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

/** Those of these packages that were on hold when the run was planned, or are now. */
export function heldAmong(context: ActionContext<unknown>, names: readonly string[]): string[] {
  const held = new Set([...(machineOf(context).packages?.held ?? []), ...(context.before?.held ?? [])]);
  return names.filter((name) => held.has(name));
}

/** What is left to do where these packages are to be on hold again. */
export function holdsMissing(names: readonly string[], { held }: PackagesFact): string[] {
  return names.filter((name) => !held.includes(name)).map((name) => `${name} was on hold and is not any more`);
}

/** What is left to do where an installed package is not whole. */
export function unsound(
  context: ActionContext<unknown>,
  name: string,
  { revision, status }: { readonly revision: string; readonly status: string },
): string[] {
  if (isSound(status)) return [];
  const database = managerOf(machineOf(context))?.reading.database ?? 'its database';
  return [`${name} ${revision} is not whole (${database} says ${status.trim()})`];
}

/** The abbreviated status: wanted (any), then `i` for installed, then no error flag. */
function isSound(status: string): boolean {
  return /^[a-z]i$/.test(status.trim()) || status.trim() === 'installed';
}
