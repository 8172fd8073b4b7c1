import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { beginPlanning, killedPlanning } from '../../src/journal/planning.ts';
import { folder } from '../commands/cli.ts';

const WHAT = { runbook: 'up', cluster: 'lab', command: 'runbook apply up.yaml' };

/** The record of a process that began to plan and was killed. */
async function killed(state: string, cluster = 'lab'): Promise<void> {
  const own = join(folder(), 'own');
  await beginPlanning(own, { ...WHAT, cluster });
  const ended = execa('true');
  await ended;
  const [name = ''] = readdirSync(join(own, 'planning'));
  const holder: unknown = JSON.parse(readFileSync(join(own, 'planning', name), 'utf8'));
  mkdirSync(join(state, 'planning'), { recursive: true });
  writeFileSync(join(state, 'planning', name), JSON.stringify({ ...Object(holder), pid: ended.pid }));
}

test('a process that ends in order leaves nothing, also no folder that was not there', async () => {
  const state = join(folder(), 'state');
  const end = await beginPlanning(state, WHAT);
  expect(readdirSync(join(state, 'planning'))).toHaveLength(1);
  expect(await killedPlanning(state)).toBeUndefined();
  await end();
  await end();
  expect(readdirSync(join(state, '..'))).toEqual([]);
});

test('one that was killed is known by its cluster, until the same is planned again', async () => {
  const state = join(folder(), 'state');
  await killed(state);
  await killed(state, 'other');
  expect(await killedPlanning(state, 'lab')).toMatchObject({ holder: { runbook: 'up' }, command: WHAT.command });
  expect(await killedPlanning(state, 'third')).toBeUndefined();
  const end = await beginPlanning(state, WHAT);
  expect(await killedPlanning(state, 'lab')).toBeUndefined();
  expect(await killedPlanning(state, 'other')).toBeDefined();
  await end();
});

test('what is no record is no one', async () => {
  const state = folder();
  mkdirSync(join(state, 'planning'));
  writeFileSync(join(state, 'planning', 'x.json'), '{');
  expect(await killedPlanning(state)).toBeUndefined();
});
