import { hexOf } from './identity.ts';
import { putFile } from './machine-files.ts';
import type { Machine } from './machine.ts';
import type { Tool } from './shell/shell.ts';

const frontend = '/var/lib/dpkg/lock-frontend';
const zyppLock = '/run/zypp.pid';
const kernelLocks = '/proc/locks';

/** The package manager waits for another program, which the kernel's list of locks names, or zypp's own file. */
export async function holdPackageLock(
  machine: Machine,
  command = '/usr/bin/python3 /usr/bin/unattended-upgrade',
  { pid = machine.newPid(), file = frontend }: { readonly pid?: number; readonly file?: string } = {},
): Promise<void> {
  machine.dpkgLocked = true;
  if (machine.distribution === 'suse') await putFile(machine, zyppLock, `${pid}\n`);
  await putFile(machine, kernelLocks, `1: POSIX  ADVISORY  WRITE ${pid} 08:01:${inodeOf(file)} 0 EOF\n`);
  await putFile(machine, `/proc/${pid}/cmdline`, `${command} `);
  await putFile(machine, `/proc/${pid}/fd/4`, file);
}

/** It has ended. */
export async function releasePackageLock(machine: Machine): Promise<void> {
  machine.dpkgLocked = false;
  await machine.fs.rm(kernelLocks, { force: true });
  await machine.fs.rm(zyppLock, { force: true });
}

/** `ls -i`, and `ls -l` of what a process has open: just-bash knows neither. */
export const ls: Tool = async (context) => {
  const { args, machine } = context;
  const paths = args.filter((arg) => !arg.startsWith('-')).map((path) => machine.fs.resolvePath(context.cwd, path));
  const [path] = paths;
  if (path !== undefined && args[0] === '-i') {
    if (!(await machine.fs.exists(path))) return context.original(args.slice(1));
    context.out(`${inodeOf(path)} ${path}\n`);
    return 0;
  }
  if (path === undefined || !/^\/proc\/\d+\/fd$/.test(path) || !(await machine.fs.exists(path)))
    return context.original();
  for (const name of await machine.fs.readdir(path)) {
    const target = await machine.fs.readFile(`${path}/${name}`);
    context.out(`l-wx------ 1 root root 64 Nov 21 06:00 ${name} -> ${target}\n`);
  }
  return 0;
};

function inodeOf(path: string): number {
  return Number.parseInt(hexOf(path, 5), 16) + 11;
}
