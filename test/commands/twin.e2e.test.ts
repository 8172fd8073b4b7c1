import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Facts } from '../../src/facts/facts.ts';
import { parseFacts } from '../../src/facts-file/parse.ts';
import { textsOf } from '../rehearse/twins.ts';
import { compareFacts } from '../../src/rehearse/compare.ts';
import { folder, runbook } from './cli.ts';
import { openLab } from './open-lab.ts';

test('lab up --from starts a twin whose facts are those of the cluster, and runbooks run on it', async () => {
  const { inventory } = await openLab({ controlPlanes: 1, workers: 2, problems: ['naked', 'static-pod-edited'] });
  // In an inventory nodes have names of their own.
  const named = (await readFile(inventory, 'utf8')).replaceAll('worker-1', 'db-host');
  await writeFile(inventory, named);
  const dir = folder();
  const [before, after] = [join(dir, 'before.json'), join(dir, 'after.json')];
  expect(await runbook(['facts', '-i', inventory, '-o', before])).toMatchObject({ code: 0 });
  onTestFinished(() => void runbook(['lab', 'down', '--dir', join(dir, 'twin')]));
  const up = await runbook(['lab', 'up', '--from', before, '--dir', join(dir, 'twin')]);
  expect(up).toMatchObject({ code: 0, stdout: join(dir, 'twin', 'inventory.yaml') });
  expect(await runbook(['facts', '-i', up.stdout, '-o', after])).toMatchObject({ code: 0 });
  const applied = await runbook(['apply', 'smoke.yaml', '-i', up.stdout, '--state-dir', join(dir, 'state'), '--yes']);
  expect(applied.code, applied.all).toBe(0);
  expect(await runbook(['lab', 'down', '--dir', join(dir, 'twin')])).toMatchObject({ code: 0 });
  const [source, twin] = await Promise.all([before, after].map(factsIn));
  if (!source || !twin) throw new Error('no facts');
  expect(Object.keys(twin.nodes)).toEqual(['cp-1', 'db-host', 'worker-2']);
  expect(textsOf(compareFacts(source, twin))).toEqual([]);
});

async function factsIn(path: string): Promise<Facts> {
  const parsed = parseFacts(await readFile(path, 'utf8'));
  if (!('document' in parsed)) throw new Error('no facts file');
  return parsed.document.facts;
}
