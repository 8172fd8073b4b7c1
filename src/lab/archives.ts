import { work } from './clock.ts';
import { putFile } from './machine-files.ts';
import type { Machine } from './machine.ts';
import { hostOf, isReachable } from './network.ts';
import type { Tool, ToolContext } from './shell/shell.ts';
import { offersOf, type SourcePlaces } from './tools/repositories.ts';

const folder = '/var/cache/apt/archives';
/** Milliseconds of simulated work for each package. */
const fetchWork = 150;

function archiveOf(name: string, revision: string, place: string): string {
  return `${place}/${name}_${revision}_amd64.deb`;
}

/** Takes into apt's cache, or another place, what is not there yet. Undefined: all is; else what apt says. */
export async function fetchArchives(
  context: ToolContext,
  changes: ReadonlyMap<string, string>,
  places: SourcePlaces,
  place = folder,
): Promise<string | undefined> {
  const { machine } = context;
  for (const [name, revision] of changes) {
    if (await machine.fs.exists(archiveOf(name, revision, place))) continue;
    const url = (await offersOf(machine, name, places)).find((offer) => offer.revision === revision)?.url ?? '';
    await work(machine.clock, fetchWork, context.signal);
    if (!(await isReachable(machine, hostOf(url))))
      return `E: Failed to fetch ${url}amd64/${name}_${revision}_amd64.deb  Could not connect to ${hostOf(url)}:443\nE: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n`;
    await putFile(machine, archiveOf(name, revision, place), `lab package ${name} ${revision}\n`);
  }
  return undefined;
}

/** What `apt-get clean` removes. */
export async function removeArchives(machine: Machine): Promise<void> {
  await machine.fs.rm(folder, { recursive: true, force: true });
  await machine.fs.mkdir(folder, { recursive: true });
}

/** The environment variable by which a program that was taken out of an archive knows its release. */
export const unpackedVersion = 'LAB_UNPACKED_VERSION';

/** `dpkg-deb -x ARCHIVE FOLDER`: of kubeadm just a program that is of the archive's release. */
export const dpkgDeb: Tool = async (context) => {
  const { args, cwd, machine } = context;
  const [option, archive = '', target = ''] = args;
  if (option !== '-x' && option !== '--extract') {
    context.err('dpkg-deb: error: the lab simulates -x only\n');
    return 2;
  }
  const path = machine.fs.resolvePath(cwd, archive);
  const [, name, revision] = (await machine.fs.exists(path))
    ? (/^lab package (\S+) (\S+)$/m.exec(await machine.fs.readFile(path)) ?? [])
    : [];
  if (name === undefined || revision === undefined) {
    context.err(`dpkg-deb: error: '${archive}' is not a Debian format archive\n`);
    return 2;
  }
  const version = revision.replace(/-[^-]*$/, '');
  const program = `${machine.fs.resolvePath(cwd, target)}/usr/bin/${name}`;
  await putFile(machine, program, `#!/bin/sh\nexport ${unpackedVersion}=${version}\n${name} "$@"\n`, 0o755);
  return 0;
};
