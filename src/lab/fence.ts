import type { MachineFiles } from './machine.ts';

/**
 * Why a claim under this lock does not count any more on a machine; undefined: it does, and the machine remembers its
 * fence.
 */
export async function lockOvertaken(
  fs: MachineFiles,
  root: string,
  fence: number,
  lock: string,
): Promise<string | undefined> {
  if (lock === '-') return undefined;
  const seen = Number((await textOf(fs, `${root}/fence`)) ?? '0');
  if (fence < seen) return 'another run was here under a later lock';
  const names = (await fs.exists(`${root}/lock`)) ? await fs.readdir(`${root}/lock`) : [];
  const newest = Math.max(0, ...names.map((name) => Number(/^g(\d+)$/.exec(name)?.[1] ?? '0')));
  const holder = (await textOf(fs, `${root}/lock/g${newest}`)) ?? '';
  if (holder.includes(`"id":"${lock}"`)) {
    if (await fs.exists(`${root}/lock/free${newest}`)) return 'the lock was released';
  } else if (Number(/.*"fence":(\d+)/.exec(holder)?.[1] ?? '0') > fence) return 'the lock is held by another';
  if (fence > seen) {
    await fs.mkdir(root, { recursive: true });
    await fs.writeFile(`${root}/fence`, `${fence}\n`);
  }
  return undefined;
}

async function textOf(fs: MachineFiles, path: string): Promise<string | undefined> {
  return (await fs.exists(path)) ? fs.readFile(path) : undefined;
}
