import { z } from 'zod';
import { unpackedVersion } from './archives.ts';
import { hexOf } from './identity.ts';
import { putFile } from './machine-files.ts';
import type { Machine } from './machine.ts';
import type { Tool } from './shell/shell.ts';

/** Where dnf 4 keeps what it fetched of a repository: by its id and its address. */
export function rpmArchive(
  repository: { readonly id: string; readonly url: string },
  name: string,
  revision: string,
): string {
  return `/var/cache/dnf/${repository.id}-${hexOf(repository.url, 16)}/packages/${name}-${revision}.x86_64.rpm`;
}

export async function putRpm(machine: Machine, path: string, name: string, revision: string): Promise<void> {
  await putFile(machine, path, `lab package ${name} ${revision}\n`);
}

/** What dnf has fetched and removes after the next transaction; what it fetches with keepcache is not in here. */
const FETCHED = '/var/cache/dnf/tempfiles.json';
const paths = z.array(z.string());

export async function removeLater(machine: Machine, path: string): Promise<void> {
  await putFile(machine, FETCHED, JSON.stringify([...(await fetched(machine)), path]));
}

/** After a transaction that installed these (dnf 4, Base._finalize_base). */
export async function removeFetched(machine: Machine, installed: readonly string[]): Promise<void> {
  for (const path of [...(await fetched(machine)), ...installed, FETCHED]) await machine.fs.rm(path, { force: true });
}

async function fetched(machine: Machine): Promise<string[]> {
  return (await machine.fs.exists(FETCHED)) ? paths.parse(JSON.parse(await machine.fs.readFile(FETCHED))) : [];
}

/** `rpm2cpio FILE`: the archive is passed on as it is. */
export const rpm2cpio: Tool = async (context) => {
  const { args, cwd, machine } = context;
  const path = machine.fs.resolvePath(cwd, args[0] ?? '');
  if (!(await machine.fs.exists(path))) {
    context.err(`argument is not an RPM package: ${path}\n`);
    return 1;
  }
  context.out(await machine.fs.readFile(path));
  return 0;
};

/** `cpio -idm`, of an archive from {@link rpm2cpio}: a program that is of the archive's release. */
export const cpio: Tool = async (context) => {
  const { cwd, machine, stdin } = context;
  const [, name, revision] = /^lab package (\S+) (\S+)$/m.exec(stdin) ?? [];
  if (name === undefined || revision === undefined) {
    context.err('cpio: premature end of archive\n');
    return 2;
  }
  const version = revision.replace(/-[^-]*$/, '');
  const text = `#!/bin/sh\nexport ${unpackedVersion}=${version}\n${name} "$@"\n`;
  await putFile(machine, machine.fs.resolvePath(cwd, `usr/bin/${name}`), text, 0o755);
  return 0;
};
