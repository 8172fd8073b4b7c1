import { z } from 'zod';
import type { RepositoryKeysFact } from '../facts/repository-keys.ts';
import { afterSwitch, isSwitched } from '../packages/lib/switch.ts';
import type { Switch } from '../packages/manager.ts';
import { managerOf } from '../packages/registry.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { scriptOfManager, withoutPackageManager } from './lib/packages.ts';
import { minorOf, release } from './lib/release.ts';
import { machineOf } from './lib/subject.ts';

const schema = z.strictObject({
  version: release.describe('The release whose minor the package source must offer'),
});
type With = z.infer<typeof schema>;

export const packageRepo: Action<With> = {
  name: 'package-repo',
  summary: "Switch the node's Kubernetes package source to the version's minor",
  schema,
  target: ({ version }) => version,
  place: 'node',
  effect: 'repeatable',
  timeout: 900_000,
  usually: 15_000,
  onTimeout: 'kill',
  facts: ['os', 'repository', 'repositoryKeys', 'offered', 'packages'],
  outcomeFacts: ['repository', 'repositoryKeys'],
  guards: ['membership', 'same-machine', 'repository-offers', 'no-downgrade', 'repositories', 'repository-key'],
  settle: 10_000,
  unsupported: withoutPackageManager,
  script: (context) =>
    scriptOfManager(context, (manager) => manager.switchSource(manager.planSwitch(...sourceOf(context)))),
  isDone(context) {
    const { repository } = machineOf(context);
    if (!repository) return { done: false, reason: `the package sources of ${context.node.name} are not known` };
    const change = changeOf(context);
    if (!change) return { done: false, reason: withoutPackageManager(context) ?? '' };
    const enabled = repository.sources.filter((source) => source.enabled);
    const ended = endedKey(context, change);
    if (isSwitched(change) && ended !== undefined)
      return { done: false, reason: `the signing key in ${change.keyring ?? ''} has ended on ${ended}` };
    if (isSwitched(change)) return { done: true, reason: `${change.file} has v${change.minor}` };
    const legacy = repository.legacy?.find((source) => source.enabled);
    if (legacy) return { done: false, reason: `${legacy.file} has ${legacy.url}, which is gone` };
    if (enabled.length === 0) return { done: false, reason: 'no Kubernetes package source is enabled' };
    const found = enabled.map((source) => `${source.file} has v${source.minor} of ${source.baseUrl}`).join(', ');
    return { done: false, reason: `${found}; wanted is v${change.minor} of ${change.baseUrl} alone` };
  },
  project(context) {
    const change = changeOf(context);
    if (!change) return context.facts;
    return withNode(context.facts, context.node.name, (node) => ({
      ...node,
      repository: afterSwitch(node.repository, change),
      ...(node.repositoryKeys && { repositoryKeys: withoutEnded(node.repositoryKeys, change) }),
    }));
  },
};

function changeOf(context: ActionContext<With>): Switch | undefined {
  return managerOf(machineOf(context))?.planSwitch(...sourceOf(context));
}

/** The day the last key of the source's keyring expired, if it did: what it signs is not trusted from then on. */
function endedKey(context: ActionContext<With>, { keyring }: Switch): string | undefined {
  const { keyrings, now } = machineOf(context).repositoryKeys ?? {};
  const keys = keyrings?.find(({ file }) => file === keyring)?.keys ?? [];
  const last = Math.max(...keys.map(({ expires }) => expires ?? Number.POSITIVE_INFINITY));
  return now !== undefined && keys.length > 0 && last < now
    ? new Date(last * 1000).toISOString().slice(0, 10)
    : undefined;
}

/** The new key is not known yet, only that there is one. */
function withoutEnded(known: RepositoryKeysFact, { keyring }: Switch): RepositoryKeysFact {
  return { ...known, keyrings: known.keyrings.filter(({ file }) => file !== keyring) };
}

function sourceOf(context: ActionContext<With>) {
  const { repository } = machineOf(context);
  return [repository, minorOf(context.with.version), context.settings.packagesBaseUrl] as const;
}
