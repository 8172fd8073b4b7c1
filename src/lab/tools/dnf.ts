import { work } from '../clock.ts';
import { rpmPackages, writeLocks } from '../distribution.ts';
import { hostOf, isReachable } from '../network.ts';
import { putRpm, removeFetched, removeLater, rpmArchive } from '../rpm-archives.ts';
import { compareVersions, findMinor, minorNumber, minorOf } from '../releases.ts';
import { runtimeOffers } from '../runtime-packages.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';
import { parse, repositories, type DnfCall } from './dnf-call.ts';

const durations = { metadata: 400, install: 500 };

export const dnf: Tool = async (context) => {
  const call = parse(context.args);
  if (context.args.includes('--version')) {
    context.out('4.14.0\n  Installed: dnf-0:4.14.0-25.el9.noarch\n');
    return 0;
  }
  const reads =
    ['list', 'repoquery', 'check-update'].includes(call.verb) ||
    (call.verb === 'versionlock' && call.words[0] === 'list');
  if (context.uid !== 0 && !reads)
    return fail(
      context,
      'Error: This command has to be run with superuser privileges (under the root user on most systems).\n',
    );
  switch (call.verb) {
    case 'makecache':
      return (await refreshed(context, call, true)) ? printed(context, call, 'Metadata cache created.\n') : 1;
    case 'install':
    case 'upgrade':
    case 'update':
      return install(context, call);
    case 'list':
      return list(context, call);
    case 'versionlock':
      return versionlock(context, call);
    case 'clean':
      context.machine.aptLists.clear();
      return printed(context, call, '12 files removed\n');
    case 'check':
    case 'check-update':
      return 0;
    default:
      return fail(context, `No such command: ${call.verb}. Please use /usr/bin/dnf --help\n`);
  }
};

/** Metadata is kept by the repository's address: of an address that is new to it, dnf reads it by itself. */
async function refreshed(context: ToolContext, call: DnfCall, always = call.refresh): Promise<boolean> {
  const { machine } = context;
  for (const { id, minor, url } of await repositories(context, call)) {
    if (!always && machine.aptLists.has(url)) continue;
    await work(machine.clock, durations.metadata, context.signal);
    const packages = (await isReachable(machine, hostOf(url))) ? rpmPackages(machine, minor) : undefined;
    if (!packages) {
      context.err(
        `Errors during downloading metadata for repository '${id}':\n  - Status code: 404 for ${url}repodata/repomd.xml (IP: 10.10.0.1)\nError: Failed to download metadata for repo '${id}': Cannot download repomd.xml: Cannot download repodata/repomd.xml: All mirrors were tried\n`,
      );
      return false;
    }
    machine.aptLists.set(url, packages);
  }
  return true;
}

interface Offer {
  readonly revision: string;
  readonly repository: string;
}

/** Newest first; without what the repository's own `exclude=` hides. */
async function offers(context: ToolContext, call: DnfCall, name: string): Promise<Offer[]> {
  const shown = (await repositories(context, call)).filter(
    ({ excludes, id }) =>
      call.withoutExcludes.includes(id) || call.withoutExcludes.includes('all') || !excludes.includes(name),
  );
  const others = call.disable.includes('*') ? [] : runtimeOffers(context.machine, name);
  return shown
    .flatMap(({ id, url }) =>
      (context.machine.aptLists.get(url)?.get(name) ?? []).map((revision) => ({ revision, repository: id })),
    )
    .concat(others.map((revision) => ({ revision, repository: 'docker-ce-stable' })))
    .sort((a, b) => compareVersions(b.revision, a.revision));
}

async function list(context: ToolContext, call: DnfCall): Promise<number> {
  if (!(await refreshed(context, call))) return 1;
  const row = (name: string, revision: string, place: string) =>
    `${`${name}.x86_64`.padEnd(40)} ${revision.padEnd(36)} ${place}\n`;
  const installed: string[] = [];
  const available: string[] = [];
  for (const name of call.words.filter((word) => !/^(installed|available)$/.test(word))) {
    const own = context.machine.packages.get(name)?.revision;
    if (own !== undefined) installed.push(row(name, own, '@kubernetes'));
    const found = await offers(context, call, name);
    for (const { repository, revision } of call.all ? found : found.slice(0, 1))
      available.push(row(name, revision, repository));
  }
  if (installed.length + available.length === 0) return fail(context, 'Error: No matching Packages to list\n');
  if (installed.length > 0) context.out(`Installed Packages\n${installed.join('')}`);
  if (available.length > 0) context.out(`Available Packages\n${available.join('')}`);
  return 0;
}

async function install(context: ToolContext, call: DnfCall): Promise<number> {
  const { machine } = context;
  if (machine.dpkgLocked) context.out('Waiting for process with pid 977 to finish.\n');
  while (machine.dpkgLocked) await work(machine.clock, 1000, context.signal);
  if (!(await refreshed(context, call))) return 1;
  const changes = new Map<string, string>();
  for (const word of call.verb === 'install' || call.words.length > 0 ? call.words : machine.packages.keys()) {
    const { name, pattern } = specOf(context, word);
    const own = machine.packages.get(name);
    const all = await offers(context, call, name);
    const unlocked =
      own?.held === true && !call.withoutLocks ? all.filter(({ revision }) => revision === own.revision) : all;
    if (own && pattern.test(own.revision) && call.verb === 'install') {
      context.out(`Package ${name}-${own.revision}.x86_64 is already installed.\n`);
      continue;
    }
    const found = unlocked.find(({ revision }) => pattern.test(revision));
    if (!found && call.verb !== 'install') continue;
    if (!found)
      return fail(
        context,
        `${(await everywhere(context, call, name)).some((revision) => pattern.test(revision)) ? `All matches were filtered out by exclude filtering for argument: ${word}` : `No match for argument: ${word}`}\nError: Unable to find a match: ${word}\n`,
      );
    if (found.revision !== own?.revision) changes.set(name, found.revision);
  }
  const problem = await raiseDependencies(context, call, changes);
  if (problem !== undefined) return fail(context, problem);
  context.out('Dependencies resolved.\n');
  if (changes.size === 0) return printed(context, call, 'Nothing to do.\nComplete!\n');
  for (const [name, revision] of changes)
    context.out(` ${machine.packages.has(name) ? 'Upgrading' : 'Installing'}: ${name} x86_64 ${revision} kubernetes\n`);
  if (!call.yes) return fail(context, 'Is this ok [y/N]: Operation aborted.\n');
  await work(machine.clock, durations.install, context.signal);
  const cached = await repositories(context, call);
  const archives: string[] = [];
  for (const [name, revision] of changes) {
    const from = cached.find(({ url }) => machine.aptLists.get(url)?.get(name)?.includes(revision));
    if (!from) continue;
    const path = rpmArchive(from, name, revision);
    archives.push(path);
    if (call.downloadOnly) await putRpm(machine, path, name, revision);
    if (call.downloadOnly && !call.keepCache) await removeLater(machine, path);
  }
  if (call.downloadOnly) return printed(context, call, 'Complete!\n');
  for (const [name, revision] of changes) {
    machine.install(name, { revision, state: 'i', held: machine.packages.get(name)?.held ?? false });
    if (name === 'kubelet') machine.binaryChangedAt = machine.clock.now();
    context.out(`  Upgrading        : ${name}-${revision}.x86_64\n`);
  }
  if (!call.keepCache) await removeFetched(machine, archives);
  return printed(context, call, 'Complete!\n');
}

/** `kubelet`, or `kubelet-1.32.9-150500.1.1`, or with a pattern in it. */
function specOf({ machine }: ToolContext, word: string): { readonly name: string; readonly pattern: RegExp } {
  const names = ['kubernetes-cni', 'cri-tools', 'kubeadm', 'kubelet', 'kubectl', ...machine.packages.keys()];
  const name = names.find((each) => word === each || word.startsWith(`${each}-`)) ?? word;
  const revision = word === name ? '*' : word.slice(name.length + 1);
  const escaped = revision.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return { name, pattern: new RegExp(`^${escaped}(-[^-]*)?$`) };
}

async function everywhere(context: ToolContext, call: DnfCall, name: string): Promise<string[]> {
  return (await offers(context, { ...call, withoutExcludes: ['all'] }, name)).map(({ revision }) => revision);
}

async function raiseDependencies(
  context: ToolContext,
  call: DnfCall,
  changes: Map<string, string>,
): Promise<string | undefined> {
  for (const [name, wanted] of raisedWith(changes)) {
    const own = context.machine.packages.get(name);
    if (!own || compareVersions(own.revision.replace(/-.*/, ''), wanted) >= 0) continue;
    const [newest] = own.held ? [] : await offers(context, call, name);
    if (!newest)
      return `Error: \n Problem: cannot install the best candidate for the job\n  - nothing provides ${name} >= ${wanted} needed\n  - package ${name} is filtered out by exclude filtering\n`;
    changes.set(name, newest.revision);
  }
  return undefined;
}

/** kubelet needs kubernetes-cni, kubeadm before 1.32 needs cri-tools, of their minor or newer: names and versions. */
export function raisedWith(changes: ReadonlyMap<string, string>): (readonly [string, string])[] {
  const needs: [string, string][] = [];
  const [kubelet, kubeadm] = [changes.get('kubelet'), changes.get('kubeadm')];
  if (kubelet !== undefined) needs.push(['kubernetes-cni', findMinor(minorOf(kubelet))?.cni ?? '']);
  if (kubeadm !== undefined && minorNumber(kubeadm) < 32)
    needs.push(['cri-tools', findMinor(minorOf(kubeadm))?.criTools ?? '']);
  return needs.map(([name, revision]) => [name, revision.replace(/-.*/, '')] as const);
}

async function versionlock(context: ToolContext, { words }: DnfCall): Promise<number> {
  const { machine } = context;
  const [verb = 'list', ...names] = words;
  const locked = () =>
    [...machine.packages].filter(([, one]) => one.held).map(([name, one]) => `${name}-0:${one.revision}.*`);
  if (verb === 'list') {
    context.out(
      locked()
        .sort()
        .map((line) => `${line}\n`)
        .join(''),
    );
    return 0;
  }
  if (verb !== 'add' && verb !== 'delete')
    return fail(context, `Error: the lab does not simulate versionlock ${verb}\n`);
  for (const name of names) {
    const one = machine.packages.get(name);
    if (!one || (verb === 'delete' && !one.held)) {
      // dnf exits with 0 all the same.
      context.err(`No package found for: ${name}\n`);
      continue;
    }
    const entry = `${name}-0:${one.revision}.*`;
    if (verb === 'add')
      context.out(
        one.held ? `Package already locked in equivalent form: ${entry}\n` : `Adding versionlock on: ${entry}\n`,
      );
    else context.out(`Deleting versionlock for: ${entry}\n`);
    one.held = verb === 'add';
  }
  await writeLocks(machine);
  return 0;
}

function printed(context: ToolContext, { quiet }: DnfCall, text: string): number {
  if (!quiet) context.out(text);
  return 0;
}

function fail(context: ToolContext, text: string): number {
  context.err(text);
  return 1;
}
