import { work } from '../clock.ts';
import { writeZypperLocks } from '../distribution.ts';
import { putFile } from '../machine-files.ts';
import { putRpm } from '../rpm-archives.ts';
import { compareVersions } from '../releases.ts';
import { runtimeOffers } from '../runtime-packages.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';
import { raisedWith } from './dnf.ts';
import { pendingUpdates, osUpdatesFile } from './os-updates.ts';
import { metadata, parse, refreshOne, repositoriesOf, type ZypperCall } from './zypper-call.ts';

/** Exit codes of zypper(8). */
const EXIT = { ok: 0, syntax: 2, zypp: 4, privileges: 5, locked: 7, reboot: 102, notFound: 104 } as const;
const durations = { metadata: 400, install: 500 };
const zyppLock = '/run/zypp.pid';
const rebootNeeded = '/run/reboot-needed';
const packagesFolder = '/var/cache/zypp/packages';
const changing = ['refresh', 'install', 'update', 'download', 'addlock', 'removelock', 'clean'];

/** The zypper of openSUSE Leap 15.6 (1.14), as far as runbooks need it. */
export const zypper: Tool = async (context) => {
  if (context.args.includes('--version') || context.args.includes('-V')) {
    context.out('zypper 1.14.73\n');
    return EXIT.ok;
  }
  const call = parse(context.args);
  if (changing.includes(call.verb) && context.uid !== 0) {
    context.err('Root privileges are required to run this command.\n');
    return EXIT.privileges;
  }
  if (context.uid === 0 && !(await unlocked(context))) return EXIT.locked;
  switch (call.verb) {
    case 'refresh':
      return refresh(context, call);
    case 'search':
      return search(context, call);
    case 'install':
      return install(context, call);
    case 'download':
      return download(context, call);
    case 'update':
      return update(context, call);
    case 'list-updates':
      return listUpdates(context);
    case 'addlock':
    case 'removelock':
      return changeLocks(context, call);
    case 'locks':
      return listLocks(context);
    case 'needs-rebooting':
      return (await context.machine.fs.exists(rebootNeeded)) ? EXIT.reboot : EXIT.ok;
    case 'clean':
      await context.machine.fs.rm(packagesFolder, { recursive: true, force: true });
      context.out('All repositories have been cleaned up.\n');
      return EXIT.ok;
    default:
      context.err(`Unknown command '${call.verb}'\n`);
      return EXIT.syntax;
  }
};

/** Waits for zypp's lock as long as ZYPP_LOCK_TIMEOUT says, not at all without it (ZYppFactory.cc). */
async function unlocked(context: ToolContext): Promise<boolean> {
  const { env, machine, signal } = context;
  const limit = Number(env['ZYPP_LOCK_TIMEOUT'] ?? 0);
  for (let left = limit < 0 ? Infinity : limit; machine.dpkgLocked && left > 0; left -= 1)
    await work(machine.clock, 1000, signal);
  if (!machine.dpkgLocked) return true;
  const pid = (await machine.fs.readFile(zyppLock)).trim();
  const command = (await machine.fs.readFile(`/proc/${pid}/cmdline`)).trim();
  context.err(
    `System management is locked by the application with pid ${pid} (${command}).\nClose this application before trying again.\n`,
  );
  return false;
}

async function refresh(context: ToolContext, call: ZypperCall): Promise<number> {
  const known = await repositoriesOf(context, call);
  const strange = call.words.find((word) => !known.some(({ id }) => id === word));
  if (strange !== undefined) {
    context.err(`Repository '${strange}' not found by its alias, number, or URI.\n`);
    return EXIT.zypp;
  }
  await work(context.machine.clock, durations.metadata, context.signal);
  let failed = false;
  for (const one of known.filter(({ id }) => call.words.length === 0 || call.words.includes(id)))
    if (!(await refreshOne(context, call, one))) failed = true;
  if (!failed) {
    context.out(
      call.words.length > 0
        ? 'Specified repositories have been refreshed.\n'
        : 'All repositories have been refreshed.\n',
    );
    return EXIT.ok;
  }
  context.err('Could not refresh the repositories because of errors.\n');
  return EXIT.zypp;
}

/** Newest first, from the metadata at hand: as in the documented section, the repositories have no autorefresh. */
async function offers(context: ToolContext, call: ZypperCall, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const repository of await repositoriesOf(context, call))
    found.push(...(metadata(context, call, repository)?.get(name) ?? []));
  found.push(...runtimeOffers(context.machine, name));
  return found.sort((a, b) => compareVersions(b, a));
}

async function search(context: ToolContext, call: ZypperCall): Promise<number> {
  const rows: string[] = [];
  for (const name of call.words) {
    const own = context.machine.packages.get(name)?.revision;
    for (const edition of new Set([...(own === undefined ? [] : [own]), ...(await offers(context, call, name))])) {
      const status = edition === own ? 'installed' : own === undefined ? 'not-installed' : 'other-version';
      rows.push(
        `<solvable status="${status}" name="${name}" kind="package" edition="${edition}" arch="x86_64" repository="Kubernetes"/>\n`,
      );
    }
  }
  context.out(
    `<?xml version='1.0'?>\n<stream>\n<search-result version="0.0">\n<solvable-list>\n${rows.join('')}</solvable-list>\n</search-result>\n</stream>\n`,
  );
  return rows.length > 0 ? EXIT.ok : EXIT.notFound;
}

/** `kubelet=1.32.9-150500.1.1`, or a version without its release. */
async function chosen(context: ToolContext, call: ZypperCall, word: string): Promise<[string, string] | undefined> {
  const [name = '', edition] = word.split('=');
  const all = await offers(context, call, name);
  const found = edition === undefined ? all[0] : all.find((one) => one === edition || one.startsWith(`${edition}-`));
  if (found !== undefined) return [name, found];
  context.err(`No provider of '${word}' found.\n`);
  return undefined;
}

async function install(context: ToolContext, call: ZypperCall): Promise<number> {
  const { machine } = context;
  const changes = new Map<string, string>();
  for (const word of call.words) {
    const one = await chosen(context, call, word);
    if (!one) return EXIT.notFound;
    if (machine.packages.get(one[0])?.revision === one[1]) context.out(`'${word}' is already installed.\n`);
    else changes.set(...one);
  }
  for (const [name, wanted] of raisedWith(changes)) {
    const own = machine.packages.get(name);
    if (!own || compareVersions(own.revision.replace(/-.*/, ''), wanted) >= 0) continue;
    const [newest] = await offers(context, call, name);
    if (newest !== undefined) changes.set(name, newest);
  }
  if (changes.size === 0) return nothing(context);
  const locked = [...changes.keys()].find((name) => machine.packages.get(name)?.held === true);
  if (locked !== undefined) {
    context.out(
      `Problem: 1: the installed ${locked} is locked and cannot be changed\n Solution 1: remove lock to allow installation of ${locked}\n\nChoose from above solutions by number or cancel [1/c/d/?] (c): c\n`,
    );
    return EXIT.zypp;
  }
  return commit(context, call, changes);
}

function nothing(context: ToolContext): number {
  context.out('Resolving package dependencies...\nNothing to do.\n');
  return EXIT.ok;
}

async function commit(context: ToolContext, call: ZypperCall, changes: ReadonlyMap<string, string>): Promise<number> {
  const { machine } = context;
  const count = changes.size;
  context.out(`The following ${count} packages are going to be upgraded:\n  ${[...changes.keys()].join(' ')}\n`);
  if (call.interactive) {
    context.out('Continue? [y/n/v/...? shows all options] (y): n\n');
    return EXIT.zypp;
  }
  await work(machine.clock, durations.install, context.signal);
  let at = 0;
  for (const [name, revision] of changes) {
    at += 1;
    context.out(`(${at}/${count}) Installing: ${name}-${revision}.x86_64 [done]\n`);
    machine.install(name, { revision, state: 'i', held: machine.packages.get(name)?.held ?? false });
    if (name === 'kubelet') machine.binaryChangedAt = machine.clock.now();
  }
  return EXIT.ok;
}

/** Into the cache of packages, by the repository's alias; locks are no matter. */
async function download(context: ToolContext, call: ZypperCall): Promise<number> {
  const [repository] = await repositoriesOf(context, call);
  for (const word of call.words) {
    const one = await chosen(context, call, word);
    if (!one || !repository) return EXIT.notFound;
    const [name, revision] = one;
    await putRpm(
      context.machine,
      `${packagesFolder}/${repository.id}/x86_64/${name}-${revision}.x86_64.rpm`,
      name,
      revision,
    );
  }
  context.out('download: Done.\n');
  return EXIT.ok;
}

/** All but what is locked. What needs a reboot leaves libzypp's flag. */
async function update(context: ToolContext, call: ZypperCall): Promise<number> {
  const { machine } = context;
  const changes = new Map<string, string>();
  for (const [name, one] of machine.packages) {
    const [newest] = one.held ? [] : await offers(context, call, name);
    if (newest !== undefined && compareVersions(newest, one.revision) > 0) changes.set(name, newest);
  }
  const pending = await pendingUpdates(machine);
  if (changes.size + pending.length === 0) return nothing(context);
  await work(machine.clock, durations.install, context.signal);
  for (const [name = '', , to = ''] of pending) context.out(`Installing: ${name}-${to}.x86_64 [done]\n`);
  if (pending.some(([name]) => name?.startsWith('kernel-'))) await putFile(machine, rebootNeeded, '');
  if (pending.length > 0) await putFile(machine, osUpdatesFile, '');
  return changes.size === 0 ? EXIT.ok : commit(context, call, changes);
}

async function listUpdates(context: ToolContext): Promise<number> {
  const rows = (await pendingUpdates(context.machine)).map(
    ([name = '', from = '', to = '']) =>
      `<update kind="package" name="${name}" edition="${to}" arch="x86_64" edition-old="${from}"><summary>of the lab</summary><license/></update>\n`,
  );
  context.out(
    `<?xml version='1.0'?>\n<stream>\n<update-status version="0.6">\n<update-list>\n${rows.join('')}</update-list>\n</update-status>\n</stream>\n`,
  );
  return EXIT.ok;
}

async function changeLocks(context: ToolContext, { verb, words }: ZypperCall): Promise<number> {
  const { machine } = context;
  const add = verb === 'addlock';
  const touched = words.filter((name) => (machine.packages.get(name)?.held ?? add) !== add);
  for (const name of touched) {
    const one = machine.packages.get(name);
    if (one) one.held = add;
  }
  await writeZypperLocks(machine);
  const subject = touched.length === 1 ? 'lock has' : 'locks have';
  if (add && touched.length > 0) context.out(`Specified ${subject} been successfully added.\n`);
  if (!add)
    context.out(
      touched.length === 0
        ? 'No lock has been removed.\n'
        : `${touched.length} ${subject} been successfully removed.\n`,
    );
  return EXIT.ok;
}

function listLocks(context: ToolContext): number {
  const names = [...context.machine.packages]
    .filter(([, one]) => one.held)
    .map(([name]) => name)
    .sort();
  if (names.length === 0) context.out('There are no package locks defined.\n');
  else
    context.out(
      `# | Name    | Type    | Repository\n--+---------+---------+-----------\n${names.map((name, at) => `${at + 1} | ${name.padEnd(7)} | package | (any)\n`).join('')}`,
    );
  return EXIT.ok;
}
