import { z } from 'zod';
import type { RepositoryKeysFact } from '../facts/repository-keys.ts';
import { withNode, type Action, type ActionContext } from './action.ts';
import { managerOf, withoutPackageManager } from './package-manager.ts';
import { planRpmSwitch, rpmSwitchScript } from './package-repo-rpm.ts';
import { afterSwitch, isSwitched, planSwitch, type Switch } from './package-source.ts';
import { switchScript } from './package-repo-script.ts';
import { minorOf, release } from './lib/release.ts';
import { refusal } from './lib/shell.ts';
import { quote } from '../transport/quote.ts';
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
  onTimeout: 'kill',
  facts: ['os', 'repository', 'repositoryKeys', 'offered', 'packages'],
  outcomeFacts: ['repository', 'repositoryKeys'],
  guards: ['membership', 'same-machine', 'repository-offers', 'no-downgrade', 'repositories', 'repository-key'],
  settle: 10_000,
  unsupported: withoutPackageManager,
  script(context) {
    const reason = withoutPackageManager(context);
    if (reason !== undefined) return { commands: [], text: refusal(reason) };
    const manager = managerOf(context);
    if (manager !== 'apt') return rpmSwitchScript(planRpmSwitch(...sourceOf(context)), manager);
    const change = changeOf(context);
    return { commands: commandsOf(change), text: switchScript(change) };
  },
  isDone(context) {
    const { repository } = machineOf(context);
    if (!repository) return { done: false, reason: `the package sources of ${context.node.name} are not known` };
    const change = changeOf(context);
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
  project: (context) =>
    withNode(context.facts, context.node.name, (node) => ({
      ...node,
      repository: afterSwitch(node.repository, changeOf(context)),
      ...(node.repositoryKeys && { repositoryKeys: withoutEnded(node.repositoryKeys, changeOf(context)) }),
    })),
};

function changeOf(context: ActionContext<With>): Switch {
  return managerOf(context) === 'apt' ? planSwitch(...sourceOf(context)) : planRpmSwitch(...sourceOf(context));
}

/** The day on which the last key of the source's keyring came to its end, where it did: apt trusts nothing that it signs from then on. */
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

/** As an operator would type them; the script does the same on copies and puts everything back where apt refuses. */
function commandsOf(change: Switch): string[] {
  const { file, from, keyring, url, wanted } = change;
  const key = keyring?.endsWith('.asc')
    ? `curl -fsSL ${quote(`${url}Release.key`)} -o ${quote(keyring)}`
    : `curl -fsSL ${quote(`${url}Release.key`)} | gpg --batch --yes --dearmor -o ${quote(keyring ?? '')}`;
  return [
    ...(keyring === undefined ? [] : [key]),
    from === undefined
      ? `echo ${quote(change.line)} >>${quote(file)}`
      : `sed -i ${quote(`s|${from}|${wanted}|`)} ${quote(file)}`,
    ...change.disable.map((source) =>
      source.format === 'list'
        ? `sed -i ${quote(`${source.line}s|^|# |`)} ${quote(source.file)}`
        : `sed -i ${quote(`${source.line}i Enabled: no`)} ${quote(source.file)}`,
    ),
    'apt-get update',
  ];
}
