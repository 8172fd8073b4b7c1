import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { folder, labUp, runbook } from '../commands/cli.ts';

test('a rehearsal of a dozen nodes that are fetched at once ends well, and Node.js warns of nothing', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const dir = folder();
  const [small, many] = [join(dir, 'small.json'), join(dir, 'many.json')];
  const state = ['--state-dir', join(dir, 'state')];
  const read = await runbook(['facts', 'upgrade-1.32.yaml', '-i', lab.inventory, '-o', small, ...state]);
  expect(read.code, read.all).toBe(0);
  const tool = join(import.meta.dirname, '../tools/many-nodes.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [tool, small, '13'], { maxBuffer: 64 * 2 ** 20 });
  await writeFile(many, stdout);
  const rehearsed = await runbook(['rehearse', 'upgrade-1.32.yaml', '--facts', many, ...state]);
  expect(rehearsed.code, rehearsed.all).toBe(0);
  expect(rehearsed.stdout).toMatch(/worker-5 +\d+m\d+s .*1\.31\.9 → 1\.32\.9/);
  expect(rehearsed.stderr).not.toMatch(/warning/i);
});
