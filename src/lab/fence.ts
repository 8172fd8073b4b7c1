import type { MachineFiles } from './machine.ts';

/** What a claim says of its lock: `FENCE LOCK DOMAIN`. */
export type HeldWords = readonly string[];

/** Why a claim under this lock does not count any more on a machine; undefined: it does. */
export async function lockOvertaken(
  fs: MachineFiles,
  root: string,
  [fence = '0', lock = '-', domain = '-']: HeldWords,
): Promise<string | undefined> {
  if (lock === '-' || !(await fs.exists(`${root}/lock`))) return undefined;
  const names = await fs.readdir(`${root}/lock`);
  const newest = Math.max(0, ...names.map((name) => Number(/^g(\d+)$/.exec(name)?.[1] ?? '0')));
  const holder = newest === 0 ? '' : await fs.readFile(`${root}/lock/g${newest}`);
  if (holder.includes(`"id":"${lock}"`))
    return (await fs.exists(`${root}/lock/free${newest}`)) ? 'the lock was released' : undefined;
  if (!holder.includes(`"domain":"${domain}"`)) return undefined;
  const theirs = Number(/.*"fence":(\d+)/.exec(holder)?.[1] ?? '0');
  return theirs > Number(fence) ? 'the lock is held by another' : undefined;
}
