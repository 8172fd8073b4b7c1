import { apt } from './apt/apt.ts';
import { dnf, dnf5, yum } from './dnf/dnf.ts';
import type { PackageManager, PackageReading } from './manager.ts';
import { zypper } from './zypper/zypper.ts';

/** Every package manager. A new one is a folder and a line here; on a node that has several, the first one counts. */
export const managers: readonly PackageManager[] = [apt, zypper, dnf, dnf5, yum];

/** What a fact says about a node's manager: `dnf5` of its packages, else `dnf` of its operating system. */
export interface ManagerFacts {
  readonly packages?: { readonly manager?: string };
  readonly os?: { readonly packageManager: string };
}

/** Undefined where the node has none of them; the first one where nothing is known of the node. */
export function managerOf({ packages, os }: ManagerFacts): PackageManager | undefined {
  const id = packages?.manager ?? os?.packageManager;
  return id === undefined ? managers[0] : managers.find((manager) => manager.id === id);
}

/** One for each kind of manager, in the order in which a node is asked for them. */
export const readings: readonly PackageReading[] = [...new Set(managers.map(({ reading }) => reading))];

/** Shell lines that run the part of the manager that the node has, and `otherwise` where it has none. */
export function onNode(part: (reading: PackageReading) => string, otherwise = ':'): string {
  const branches = readings.map((reading) => `if ${reading.detect}; then\n  ${part(reading)}\n`);
  return `${branches.join('el')}else\n  ${otherwise}\nfi`;
}

/** The commands of all managers, for messages. */
export function commandsOf(part: (reading: PackageReading) => string): string {
  const [first = '', ...others] = readings.map(part);
  return others.length === 0 ? first : `${first} (or ${others.join(', or ')})`;
}
