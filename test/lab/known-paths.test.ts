import { InMemoryFs } from 'just-bash';
import { expect, test } from 'vitest';
import { FastTime } from '../../src/lab/fast-time.ts';
import { createWorld } from '../../src/lab/lab.ts';
import type { Machine } from '../../src/lab/machine.ts';
import { Chance } from '../rehearse/random-cluster.ts';

const folders = ['/srv', '/srv/a', '/srv/a/b', '/srv/link', '/srv/link/b', '/srv/a/b/c'];
const paths = [...folders, '/srv/x', '/srv/a/x', '/srv/a/b/x', '/srv/link/x', '/srv/a/b/c/x', '/srv//a/./y'];

test('what is known of paths is what there is, whatever happened to them', async () => {
  const world = await createWorld({ controlPlanes: 1, workers: 7, clock: new FastTime(), quick: true });
  const chance = new Chance(7);
  const pick = <T>(list: readonly T[]): T => chance.one(list);
  const changesOf = ({ fs }: Machine): readonly (() => Promise<void>)[] => [
    () => fs.writeFile(pick(paths), 'x'),
    () => fs.appendFile(pick(paths), 'x'),
    () => fs.mkdir(pick(folders), { recursive: true }),
    () => fs.rm(pick(paths), { recursive: true, force: true }),
    () => fs.mv(pick(paths), pick(paths)),
    () => fs.cp(pick(paths), pick(paths), { recursive: true }),
    () => fs.symlink(pick(folders), pick(['/srv/link', '/srv/x'])),
    () => fs.link(pick(paths), pick(paths)),
  ];
  const answer = (ask: Promise<unknown>) => ask.catch((error: unknown) => String(error));
  let known = 0;
  for (const machine of world.machines) {
    const { fs } = machine;
    for (let at = 0; at < 100; at += 1) {
      await pick(changesOf(machine))().catch(() => undefined);
      for (const path of paths) {
        if (fs.revisions.known.isThere(path) !== undefined) known += 1;
        expect(await fs.exists(path), path).toBe(await InMemoryFs.prototype.exists.call(fs, path));
        const [listed, there] = [fs, InMemoryFs.prototype].map((one) => one.readdirWithFileTypes?.call(fs, path));
        expect(await answer(listed ?? Promise.resolve()), path).toEqual(await answer(there ?? Promise.resolve()));
      }
    }
  }
  expect(known).toBeGreaterThan(300);
});
