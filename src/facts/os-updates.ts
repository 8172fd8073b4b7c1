import { kubernetesPackages } from '../packages/manager.ts';
import { commandsOf, onNode } from '../packages/registry.ts';
import type { Fact } from './fact.ts';

/** Updates of the operating system, without the Kubernetes packages. */
export interface OsUpdatesFact {
  /** Names of packages, sorted. */
  readonly pending: readonly string[];
  /** Why the sources could not all be asked. */
  readonly error?: string;
}

/** What an operating system update would change, by lists fetched for this question: the node's own do not change. */
export const osUpdates: Fact<OsUpdatesFact> = {
  command: commandsOf(({ listingUpdates }) => listingUpdates),
  remedy: 'Look at its package sources there.',
  script: () => `${onNode(({ updates }) => updates, "echo 'failed: there is no package manager'")}\ntrue`,
  parse: parseOsUpdates,
};

function parseOsUpdates(output: string): OsUpdatesFact {
  const words = (name: string) =>
    [...output.matchAll(new RegExp(`^${name}: (.+)$`, 'gm'))].map(([, word = '']) => word);
  const [error] = words('failed');
  const kubernetes: readonly string[] = kubernetesPackages;
  const pending = [...new Set(words('pending'))].filter((name) => !kubernetes.includes(name)).toSorted();
  return { pending, ...(error === undefined ? {} : { error }) };
}
