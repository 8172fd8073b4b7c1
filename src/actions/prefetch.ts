import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import { releaseOf } from '../packages/lib/revision.ts';
import type { PackageManager } from '../packages/manager.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext, StepScript } from './action.ts';
import { joined } from './lib/joined.ts';
import { revisionFor, scriptOfManager, withoutPackageManager } from './lib/packages.ts';
import { imageCommands, imageNames, listCommand, runsRelease, writeConfiguration } from './lib/prefetch-images.ts';
import { prefetchScript, type ImagesToFetch } from './lib/prefetch-script.ts';
import { minorOf, release } from './lib/release.ts';
import { machineOf } from './lib/subject.ts';
import { verdictOf } from './lib/verdict.ts';

const names = ['kubeadm', 'kubelet', 'kubectl'] as const;

const schema = z.strictObject({
  version: release.describe('The release whose packages and images are fetched'),
  packages: z
    .array(z.enum(names))
    .default([...names])
    .describe('The packages to fetch, with what they depend on'),
  images: z
    .boolean()
    .default(true)
    .describe('false: packages alone, e.g. where images are loaded by hand and no registry can be reached'),
});
type With = z.infer<typeof schema>;

export const prefetch: Action<With> = {
  name: 'prefetch',
  summary: 'Fetch packages and images of a release ahead, so that no node waits for them while it is out of service',
  schema,
  target: ({ version }) => version,
  place: 'node',
  effect: 'repeatable',
  timeout: 1_800_000,
  usually: 120_000,
  onTimeout: 'kill',
  facts: [
    'os',
    'packages',
    'binaries',
    'repository',
    'offered',
    'staticPods',
    'prefetched',
    'kubeadmConfig',
    'kubeProxy',
  ],
  outcomeFacts: ['packages', 'prefetched'],
  guards: ['membership', 'same-machine', 'repository-offers', 'disk-room'],
  settle: 10_000,
  fetchesAhead: true,
  unsupported: withoutPackageManager,
  script: (context) =>
    scriptOfManager(context, (manager) => {
      const packages = fetchPackages(context, manager);
      const images = imagesToFetch(context);
      const commands = [...(packages?.commands ?? []), ...(images ? imageCommands(context, context.with.version) : [])];
      return { commands, text: prefetchScript(manager.reading, packages?.text, images) };
    }),
  isDone(context) {
    const missing = [...packagesMissing(context), ...imagesMissing(context)];
    return verdictOf(missing, whenDone(context));
  },
  project(context): Facts {
    const { version } = context.with;
    return withNode(context.facts, context.node.name, (node) => {
      const known = node.prefetched ?? { archives: {}, images: [], needs: {} };
      const archives = context.with.packages.map((name) => {
        const revisions = new Set(known.archives[name]).add(revisionFor(context, name, context.with.version));
        return [name, [...revisions]] as const;
      });
      const needs = context.with.images ? { ...known.needs, [version]: [] } : known.needs;
      return {
        ...node,
        prefetched: { ...known, archives: { ...known.archives, ...Object.fromEntries(archives) }, needs },
      };
    });
  },
};

/** Undefined where all are installed. The images are listed by the release's kubeadm. */
function fetchPackages(context: ActionContext<With>, manager: PackageManager): StepScript | undefined {
  const asked = new Set([...context.with.packages, ...(imagesToFetch(context) ? ['kubeadm'] : [])]);
  const wanted = [...asked]
    .filter((name) => !isInstalled(context, name))
    .map((name) => ({ name, revision: revisionFor(context, name, context.with.version) }));
  if (wanted.length === 0) return undefined;
  const { repository, packages } = machineOf(context);
  const source = manager.planSwitch(repository, minorOf(context.with.version), context.settings.packagesBaseUrl);
  const held = new Set([...(packages?.held ?? []), ...(context.before?.held ?? [])]);
  return manager.fetch(source, { wanted, held: [...held].toSorted() });
}

function imagesToFetch(context: ActionContext<With>): ImagesToFetch | undefined {
  const { version } = context.with;
  if (!context.with.images || isUpgraded(context)) return undefined;
  return {
    version,
    names: imageNames(context),
    listArguments: listCommand(context, version).replace(/^kubeadm /, ''),
    configuration: writeConfiguration(context, version),
    revision: revisionFor(context, 'kubeadm', version),
  };
}

function packagesMissing(context: ActionContext<With>): string[] {
  const { archives } = machineOf(context).prefetched ?? {};
  const missing = context.with.packages.flatMap((name) => {
    const revision = revisionFor(context, name, context.with.version);
    if (isInstalled(context, name) || archives?.[name]?.includes(revision)) return [];
    return [{ name: `${name} ${revision}`, is: 'is not fetched yet' }];
  });
  return joined(missing);
}

function imagesMissing(context: ActionContext<With>): string[] {
  const { version } = context.with;
  if (!context.with.images || isUpgraded(context)) return [];
  const { needs, images } = machineOf(context).prefetched ?? {};
  const needed = needs?.[version];
  if (!needed) return [`the images of ${version} are not fetched yet`];
  return needed.filter((image) => !images?.includes(image)).map((image) => `${image} is not there`);
}

/** What an upgrade needs is used up, and may have been cleaned away since. */
function isUpgraded(context: ActionContext<With>): boolean {
  return names.every((name) => isInstalled(context, name)) && runsRelease(context, context.with.version);
}

function whenDone(context: ActionContext<With>): string {
  if (isUpgraded(context)) return `${context.node.name} is at ${context.with.version} already`;
  const packages = context.with.packages.map((name) => `${name} ${revisionFor(context, name, context.with.version)}`);
  const count = machineOf(context).prefetched?.needs[context.with.version]?.length ?? 0;
  const images = context.with.images && count > 0 ? [`${count} ${count === 1 ? 'image' : 'images'}`] : [];
  return `fetched: ${[...packages, ...images].join(', ')}`;
}

function isInstalled(context: ActionContext<With>, name: string): boolean {
  const installed = machineOf(context).packages?.installed[name]?.revision;
  return installed !== undefined && releaseOf(installed) === context.with.version;
}
