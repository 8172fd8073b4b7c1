import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalLock } from '../../src/journal/lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = () => join(folder, 'locks', 'prod.json');
const never = () => false;

/** Puts the pid of a process that has ended into the lock. */
async function killHolder(): Promise<void> {
  const child = spawn('true');
  await once(child, 'exit');
  const holder = JSON.parse(await readFile(file(), 'utf8'));
  await writeFile(file(), JSON.stringify({ ...holder, pid: child.pid, id: 'dead0000' }));
}

test('a second one is refused with the holder, its run and the way to free it', async () => {
  const held = await new LocalLock(folder, 'prod').take('run-1', 'upgrade', never);
  const refused = new LocalLock(folder, 'prod').take('run-2', 'upgrade', () => true);
  await expect(refused).rejects.toMatchObject({
    kind: 'locked',
    detail: [expect.stringContaining(`process ${process.pid}`), expect.stringContaining(held.holder.id)],
  });
  await held.release();
  await (await new LocalLock(folder, 'prod').take('run-2', 'upgrade', never)).release();
  expect(await readdir(join(folder, 'locks'))).toEqual([]);
});

test('clusters are locked apart', async () => {
  const one = await new LocalLock(folder, 'prod').take('run-1', 'upgrade', never);
  const other = await new LocalLock(folder, 'prod/eu').take('run-2', 'upgrade', never);
  await one.release();
  await other.release();
});

test('the lock of a process that is gone is taken over only when its run says so', async () => {
  await new LocalLock(folder, 'prod').take('run-1', 'upgrade', never);
  await killHolder();
  const lock = new LocalLock(folder, 'prod');
  expect((await lock.look())?.gone).toBe(true);
  await expect(lock.take('run-2', 'upgrade', (holder) => holder.run === 'run-2')).rejects.toThrow(/locked by/);
  const held = await lock.take('run-1', 'upgrade', (holder) => holder.run === 'run-1');
  expect(held.holder.pid).toBe(process.pid);
  await held.release();
});

test('the lock of another host is never taken for gone', async () => {
  await new LocalLock(folder, 'prod').take('run-1', 'upgrade', never);
  await killHolder();
  const holder = JSON.parse(await readFile(file(), 'utf8'));
  await writeFile(file(), JSON.stringify({ ...holder, host: 'elsewhere' }));
  expect((await new LocalLock(folder, 'prod').look())?.gone).toBe(false);
});

test('of many who take over a dead lock at once, one gets it', async () => {
  await new LocalLock(folder, 'prod').take('run-1', 'upgrade', never);
  await killHolder();
  const all = await Promise.allSettled(
    Array.from({ length: 8 }, () => new LocalLock(folder, 'prod').take('run-1', 'upgrade', () => true)),
  );
  expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
});

test('unlock takes only the right id', async () => {
  const held = await new LocalLock(folder, 'prod').take('run-1', 'upgrade', never);
  const lock = new LocalLock(folder, 'prod');
  await expect(lock.unlock('00000000')).rejects.toThrow(/another id/);
  await lock.unlock(held.holder.id);
  await expect(lock.unlock(held.holder.id)).rejects.toThrow(/no lock/);
});

test('a damaged lock file is refused, not removed', async () => {
  await new LocalLock(folder, 'prod').take('run-1', 'upgrade', never);
  await writeFile(file(), 'x');
  await expect(new LocalLock(folder, 'prod').take('run-2', 'u', () => true)).rejects.toThrow(/damaged/);
  expect(await readFile(file(), 'utf8')).toBe('x');
});
