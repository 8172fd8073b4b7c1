import { fetchArchives, removeArchives } from '../archives.ts';
import { work } from '../clock.ts';
import { putFile } from '../machine-files.ts';
import type { Package } from '../machine.ts';
import { compareVersions, conffileChangedIn, findMinor, minorNumber, minorOf } from '../releases.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';
import { upgradeOs } from './os-updates.ts';
import { fetchFromRepository, offersOf, placesOf, readSources, type SourcePlaces } from './repositories.ts';

const durations = { update: 500, install: 500 };

interface AptCall {
  readonly verb: string;
  readonly words: readonly string[];
  readonly quiet: number;
  readonly yes: boolean;
  readonly downloadOnly: boolean;
  readonly simulate: boolean;
  readonly changeHeld: boolean;
  readonly downgrade: boolean;
  readonly settings: readonly string[];
}

function parse(args: readonly string[]): AptCall {
  const words: string[] = [];
  const settings: string[] = [];
  const long = new Set<string>();
  let letters = '';
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '-o' || arg === '--option') settings.push(args[(i += 1)] ?? '');
    else if (arg.startsWith('-o')) settings.push(arg.slice(2));
    else if (arg.startsWith('--')) long.add(arg.slice(2));
    else if (arg.startsWith('-')) letters += arg.slice(1);
    else words.push(arg);
  }
  const quiet = letters.split('q').length - 1 + (long.has('quiet') ? 1 : 0) + (letters.includes('q=2') ? 1 : 0);
  return {
    verb: words[0] ?? '',
    words: words.slice(1),
    quiet,
    yes: letters.includes('y') || long.has('yes') || long.has('assume-yes') || quiet >= 2,
    downloadOnly: letters.includes('d') || long.has('download-only'),
    simulate: letters.includes('s') || ['simulate', 'dry-run', 'just-print'].some((name) => long.has(name)),
    changeHeld: long.has('allow-change-held-packages'),
    downgrade: long.has('allow-downgrades'),
    settings,
  };
}

export const aptGet: Tool = async (context) => {
  const call = parse(context.args);
  if (!call.simulate && context.uid !== 0) {
    context.err(
      'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n',
    );
    return 100;
  }
  switch (call.verb) {
    case 'update':
      return update(context, call);
    case 'install':
      return install(context, call);
    case 'download':
      return download(context, call);
    case 'upgrade':
    case 'dist-upgrade':
      await upgradeOs(context, call.simulate);
      if (call.simulate) return simulateUpgrade(context);
      return install(context, { ...call, words: await upgradable(context) });
    case 'clean':
      await removeArchives(context.machine);
      return 0;
    case 'check':
    case 'autoclean':
      return 0;
    default:
      context.err(`E: Invalid operation ${call.verb} (the lab does not simulate it)\n`);
      return 100;
  }
};

async function update(context: ToolContext, call: AptCall): Promise<number> {
  const { machine } = context;
  await work(machine.clock, durations.update, context.signal);
  const sources = await readSources(machine, placesOf(call.settings));
  const errors: string[] = [];
  for (const [i, source] of sources.entries()) {
    const packages = await fetchFromRepository(machine, `${source.url}Packages`);
    if (!packages) {
      errors.push(`E: The repository '${source.url.replace(/\/$/, '')}  InRelease' does not have a Release file.\n`);
      continue;
    }
    if (source.signedBy !== undefined && !(await machine.fs.exists(source.signedBy))) {
      errors.push(
        `W: GPG error: ${source.url.replace(/\/$/, '')}  InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 234654DA9A296436\nE: The repository '${source.url.replace(/\/$/, '')}  InRelease' is not signed.\n`,
      );
      continue;
    }
    if (call.quiet < 2)
      context.out(
        `Get:${i * 2 + 1} ${source.url.replace(/\/$/, '')}  InRelease [1186 B]\nGet:${i * 2 + 2} ${source.url.replace(/\/$/, '')}  Packages [21.3 kB]\n`,
      );
    machine.aptLists.set(source.url, listOf(packages.text));
  }
  if (call.quiet < 2) context.out('Fetched 22.5 kB in 0s (45.0 kB/s)\nReading package lists...\n');
  context.err(errors.join(''));
  return errors.length > 0 ? 100 : 0;
}

/** Into the current folder, as it does, and without a lock. */
async function download(context: ToolContext, call: AptCall): Promise<number> {
  const places = placesOf(call.settings);
  for (const word of call.words) {
    const [name = '', wanted] = word.split('=');
    const revision = await resolve(context, name, wanted, places);
    const offered = (await offersOf(context.machine, name, places)).some((offer) => offer.revision === revision);
    if (revision === undefined || !offered) return notFound(context, name, wanted, offered);
    const unfetched = await fetchArchives(context, new Map([[name, revision]]), places, context.cwd);
    if (unfetched !== undefined) return fail(context, unfetched);
    context.out(`Get:1 ${name} ${revision} [10.0 MB]\n`);
  }
  return 0;
}

function listOf(packages: string): Map<string, string[]> {
  const list = new Map<string, string[]>();
  for (const [, name = '', revision = ''] of packages.matchAll(/^Package: (\S+)\nVersion: (\S+)$/gm))
    list.set(name, [...(list.get(name) ?? []), revision]);
  return list;
}

async function upgradable(context: ToolContext): Promise<string[]> {
  const names: string[] = [];
  for (const [name, pkg] of context.machine.packages) {
    const [newest] = await offersOf(context.machine, name);
    if (!pkg.held && compareVersions(newest?.revision ?? '0', pkg.revision) > 0) names.push(name);
  }
  return names;
}

async function simulateUpgrade(context: ToolContext): Promise<number> {
  for (const name of await upgradable(context)) {
    const [newest] = await offersOf(context.machine, name);
    const own = context.machine.packages.get(name)?.revision ?? '';
    context.out(`Inst ${name} [${own}] (${newest?.revision ?? ''} Docker CE:bookworm [amd64])\n`);
  }
  return 0;
}

const otherPackages = /^(ca-certificates|curl|gpg|gnupg|apt-transport-https|jq|socat|conntrack|lsb-release)$/;

async function install(context: ToolContext, call: AptCall): Promise<number> {
  const { machine } = context;
  if (call.quiet < 2)
    context.out('Reading package lists...\nBuilding dependency tree...\nReading state information...\n');
  const lockWait = /Lock::Timeout=(-?\d+)/i.exec(call.settings.join(' '))?.[1];
  if (machine.dpkgLocked && !(await unlocked(context, Number(lockWait ?? 0))))
    return fail(
      context,
      `E: ${lockHeld}\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n`,
    );
  const changes = new Map<string, string>();
  const places = placesOf(call.settings);
  for (const word of call.words) {
    const [name = '', wanted] = word.split('=');
    if (otherPackages.test(name)) continue;
    const revision = await resolve(context, name, wanted, places);
    if (revision === undefined)
      return notFound(context, name, wanted, (await offersOf(machine, name, places)).length > 0);
    if (machine.packages.get(name)?.revision !== revision) changes.set(name, revision);
    else context.out(`${name} is already the newest version (${revision}).\n`);
  }
  const broken = await dependencies(context, changes, places);
  if (broken !== undefined) return fail(context, broken);
  const held = [...changes.keys()].filter((name) => machine.packages.get(name)?.held);
  const list = (title: string, names: readonly string[]) =>
    names.length > 0 ? `${title}\n  ${names.join(' ')}\n` : '';
  const down = [...changes]
    .filter(([name, revision]) => compareVersions(revision, machine.packages.get(name)?.revision ?? '0') < 0)
    .map(([name]) => name);
  const up = [...changes.keys()].filter((name) => machine.packages.has(name) && !down.includes(name));
  const fresh = [...changes.keys()].filter((name) => !machine.packages.has(name));
  if (call.quiet < 2 || held.length > 0)
    context.out(
      `${list('The following held packages will be changed:', held)}${list('The following NEW packages will be installed:', fresh)}${list('The following packages will be upgraded:', up)}${list('The following packages will be DOWNGRADED:', down)}${up.length} upgraded, ${fresh.length} newly installed, ${down.length > 0 ? `${down.length} downgraded, ` : ''}0 to remove and ${Math.max(0, machine.packages.size - up.length - 2)} not upgraded.\n`,
    );
  if (changes.size === 0 || call.simulate) return 0;
  if (!call.yes) return fail(context, 'Do you want to continue? [Y/n] Abort.\n', 1);
  if (held.length > 0 && !call.changeHeld)
    return fail(context, 'E: Held packages were changed and -y was used without --allow-change-held-packages.\n');
  if (down.length > 0 && !call.downgrade)
    return fail(context, 'E: Packages were downgraded and -y was used without --allow-downgrades.\n');
  const unfetched = await fetchArchives(context, changes, places);
  if (unfetched !== undefined) return fail(context, unfetched);
  if (call.downloadOnly) {
    context.out('Download complete and in download only mode\n');
    return 0;
  }
  await work(machine.clock, durations.install, context.signal);
  return unpackAndConfigure(context, changes, call.settings);
}

const lockHeld = 'Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 977 (unattended-upgr)';

/** apt names the holder once and tries again each second. */
async function unlocked(context: ToolContext, seconds: number): Promise<boolean> {
  const { machine, signal } = context;
  if (seconds > 0) context.out(`Waiting for cache lock: ${lockHeld}...\n`);
  for (let left = seconds; machine.dpkgLocked && left > 0; left -= 1) await work(machine.clock, 1000, signal);
  return !machine.dpkgLocked;
}

/** The revision that a pattern such as `1.32.9-*` or `1.32.9-1.1` selects in the index of the last update. */
async function resolve(
  context: ToolContext,
  name: string,
  wanted: string | undefined,
  places: SourcePlaces,
): Promise<string | undefined> {
  const installed = context.machine.packages.get(name)?.revision;
  const known = [
    ...(await offersOf(context.machine, name, places)).map((entry) => entry.revision),
    ...(installed === undefined ? [] : [installed]),
  ];
  if (wanted === undefined) return known.sort((a, b) => compareVersions(b, a))[0];
  const pattern = new RegExp(
    `^${wanted
      .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  return known.find((revision) => pattern.test(revision));
}

function notFound(context: ToolContext, name: string, wanted: string | undefined, offered: boolean): number {
  if (!offered && !context.machine.packages.has(name)) return fail(context, `E: Unable to locate package ${name}\n`);
  context.out(
    `Package ${name} is not available, but is referred to by another package.\nThis may mean that the package is missing, has been obsoleted, or\nis only available from another source\n\n`,
  );
  return fail(context, `E: Version '${wanted}' for '${name}' was not found\n`);
}

/** kubelet needs kubernetes-cni, kubeadm before 1.32 needs cri-tools, of their minor or newer. */
async function dependencies(
  context: ToolContext,
  changes: Map<string, string>,
  places: SourcePlaces,
): Promise<string | undefined> {
  const { machine } = context;
  const need: [string, string][] = [];
  const kubelet = changes.get('kubelet');
  const kubeadm = changes.get('kubeadm');
  if (kubelet !== undefined) need.push(['kubernetes-cni', findMinor(minorOf(kubelet))?.cni ?? '']);
  if (kubeadm !== undefined && minorNumber(kubeadm) < 32)
    need.push(['cri-tools', findMinor(minorOf(kubeadm))?.criTools ?? '']);
  for (const [name, revision] of need) {
    const installed = machine.packages.get(name);
    if (!installed || compareVersions(installed.revision, revision) >= 0) continue;
    if (installed.held)
      return 'Some packages could not be installed. This may mean that you have\nrequested an impossible situation.\nE: Unable to correct problems, you have held broken packages.\n';
    if ((await offersOf(machine, name, places)).some((entry) => entry.revision === revision))
      changes.set(name, revision);
  }
  return undefined;
}

function fail(context: ToolContext, message: string, code = 100): number {
  context.err(message);
  return code;
}

async function unpackAndConfigure(
  context: ToolContext,
  changes: ReadonlyMap<string, string>,
  settings: readonly string[],
): Promise<number> {
  const { machine } = context;
  const keep = settings.some((setting) => /--force-conf(old|new)/.test(setting));
  context.out('(Reading database ... 35812 files and directories currently installed.)\n');
  const prompts: string[] = [];
  for (const [name, revision] of changes) {
    const before: Package | undefined = machine.packages.get(name);
    if (!before) await putFile(machine, `/var/lib/dpkg/info/${name}.list`, '/.\n');
    context.out(
      `Preparing to unpack .../${name}_${revision}_amd64.deb ...\nUnpacking ${name} (${revision})${before ? ` over (${before.revision})` : ''} ...\n`,
    );
    const asks =
      name === 'kubelet' &&
      !keep &&
      compareVersions(minorOf(before?.revision ?? '0.0'), conffileChangedIn) < 0 &&
      compareVersions(minorOf(revision), conffileChangedIn) >= 0;
    machine.install(name, { revision, state: asks ? 'U' : 'i', held: before?.held ?? false });
    if (name === 'kubelet') machine.binaryChangedAt = machine.clock.now();
    if (asks) prompts.push(name);
  }
  for (const name of changes.keys()) {
    context.out(`Setting up ${name} (${machine.packages.get(name)?.revision}) ...\n`);
    if (prompts.includes(name)) context.out(conffilePrompt);
  }
  if (prompts.length === 0) return 0;
  context.err(
    `dpkg: error processing package ${prompts[0]} (--configure):\n end of file on stdin at conffile prompt\nErrors were encountered while processing:\n ${prompts[0]}\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n`,
  );
  return 100;
}

export const conffilePrompt = `
Configuration file '/etc/default/kubelet'
 ==> Modified (by you or by a script) since installation.
 ==> Package distributor has shipped an updated version.
   What would you like to do about it ?  Your options are:
    Y or I  : install the package maintainer's version
    N or O  : keep your currently-installed version
      D     : show the differences between the versions
      Z     : start a shell to examine the situation
 The default action is to keep your current version.
*** kubelet (Y/I/N/O/D/Z) [default=N] ? `;
