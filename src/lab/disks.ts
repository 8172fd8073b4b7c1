import { putFile } from './machine-files.ts';
import type { Machine } from './machine.ts';
import type { Tool, ToolContext } from './shell/shell.ts';

/**
 * The file systems of a machine, and what its folders are said to hold: `fs MOUNT SIZE FREE INODES FREE-INODES` and
 * `du FOLDER SIZE`, one per line, sizes in KiB. What the lab's own files take does not count.
 */
export const disksFile = '/var/lib/lab/disks';

interface FileSystem {
  readonly mount: string;
  readonly size: number;
  readonly free: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

const usual: FileSystem = { mount: '/', size: 41_152_736, free: 34_806_668, inodes: 2_621_440, freeInodes: 2_482_117 };

/** Leaves so many KiB (and inodes) on the file system that is mounted there. */
export async function leaveRoom(
  machine: Machine,
  free: number,
  mount = '/',
  { size = usual.size, inodes = usual.inodes, freeInodes = usual.freeInodes }: Partial<FileSystem> = {},
): Promise<void> {
  const others = (await linesOf(machine)).filter((line) => !line.startsWith(`fs ${mount} `));
  const line = `fs ${mount} ${size} ${free} ${inodes} ${freeInodes}`;
  await putFile(machine, disksFile, [...others, line, ''].join('\n'));
}

/** Says that so many KiB lie in a folder. */
export async function fillFolder(machine: Machine, folder: string, size: number): Promise<void> {
  const others = (await linesOf(machine)).filter((line) => !line.startsWith(`du ${folder} `));
  await putFile(machine, disksFile, [...others, `du ${folder} ${size}`, ''].join('\n'));
}

async function linesOf(machine: Machine): Promise<string[]> {
  if (!(await machine.fs.exists(disksFile))) return [];
  return (await machine.fs.readFile(disksFile)).split('\n').filter((line) => line !== '');
}

async function fileSystems(machine: Machine): Promise<FileSystem[]> {
  const given = (await linesOf(machine)).flatMap((line): FileSystem[] => {
    const [kind, mount = '', ...numbers] = line.split(/\s+/);
    const [size = 0, free = 0, inodes = 0, freeInodes = 0] = numbers.map(Number);
    return kind === 'fs' ? [{ mount, size, free, inodes, freeInodes }] : [];
  });
  return given.some(({ mount }) => mount === '/') ? given : [usual, ...given];
}

export const df: Tool = async (context) => {
  const { machine, args } = context;
  const flags = args.filter((arg) => arg.startsWith('-')).join('');
  const paths = args.filter((arg) => !arg.startsWith('-'));
  const known = await fileSystems(machine);
  const rows: string[] = [];
  let code = 0;
  for (const path of paths.length > 0 ? paths : known.map(({ mount }) => mount)) {
    const full = pathOf(context, path);
    if (await machine.fs.exists(full)) rows.push(rowOf(mountOf(known, full), flags.includes('i')));
    else {
      context.err(`df: ${path}: No such file or directory\n`);
      code = 1;
    }
  }
  const title = flags.includes('i')
    ? 'Filesystem     Inodes  IUsed   IFree IUse% Mounted on\n'
    : 'Filesystem     1024-blocks    Used Available Capacity Mounted on\n';
  if (rows.length > 0) context.out(title + rows.join(''));
  return code;
};

function mountOf(known: readonly FileSystem[], path: string): FileSystem {
  const over = known.filter(({ mount }) => mount === '/' || path === mount || path.startsWith(`${mount}/`));
  return over.sort((a, b) => b.mount.length - a.mount.length)[0] ?? usual;
}

function rowOf({ mount, size, free, inodes, freeInodes }: FileSystem, counted: boolean): string {
  const [all, left] = counted ? [inodes, freeInodes] : [size, free];
  const share = `${Math.ceil(((all - left) / Math.max(1, all)) * 100)}%`;
  return `/dev/sda1 ${all} ${all - left} ${left} ${share} ${mount}\n`;
}

/** `du -sk FOLDER...` */
export const du: Tool = async (context) => {
  const { machine, args } = context;
  const given = await linesOf(machine);
  let code = 0;
  for (const path of args.filter((arg) => !arg.startsWith('-'))) {
    const full = pathOf(context, path);
    const size = given.find((line) => line.startsWith(`du ${full} `))?.split(' ')[2];
    if (await machine.fs.exists(full)) context.out(`${size ?? (await sizeBelow(machine, full))}\t${path}\n`);
    else {
      context.err(`du: cannot access '${path}': No such file or directory\n`);
      code = 1;
    }
  }
  return code;
};

async function sizeBelow(machine: Machine, folder: string): Promise<number> {
  let blocks = 0;
  for (const path of machine.fs.getAllPaths())
    if (path === folder || path.startsWith(`${folder}/`))
      blocks += Math.max(1, Math.ceil((await machine.fs.stat(path)).size / 4096));
  return blocks * 4;
}

function pathOf(context: ToolContext, path: string): string {
  return context.machine.fs.resolvePath(context.cwd, path);
}
