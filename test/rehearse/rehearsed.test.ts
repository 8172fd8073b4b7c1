import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runScript } from '../../src/lab/run-script.ts';
import { machineNamed } from '../../src/lab/world.ts';
import { folder } from '../commands/cli.ts';
import { runbook } from '../commands/in-process.ts';
import { openLab } from '../commands/open-lab.ts';

const UPGRADE = new URL('../../runbooks/upgrade-1.32.yaml', import.meta.url).pathname;

test('plan and apply say that the cluster has changed since the rehearsal, or what it had otherwise', async () => {
  const { lab, inventory } = await openLab({ timeScale: 50, controlPlanes: 1, workers: 1 });
  const dir = folder();
  const book = join(dir, 'upgrade.yaml');
  const text = await readFile(UPGRADE, 'utf8');
  await writeFile(book, text);
  const common = ['-i', inventory, '--state-dir', join(dir, 'state')];
  const kubectl = async (words: string) => {
    const machine = machineNamed(lab.world, 'cp-1');
    if (!machine) throw new Error('no cp-1');
    const { code, stderr } = await runScript(machine, `kubectl --kubeconfig /etc/kubernetes/admin.conf ${words}`);
    expect(code, stderr).toBe(0);
  };
  /** What it says of the rehearsal, without the time. */
  const said = async (command: string, ...words: string[]): Promise<string> => {
    const { all } = await runbook([command, book, ...common, ...words]);
    const line = all.split('\n').find((one) => one.includes('rehearse')) ?? all;
    return line
      .replace(/^\S+ /, '')
      .replace(/about \d+ (s|min)/, 'about 1 min')
      .replaceAll(dir, '/dir');
  };
  const again = `to rehearse again: runbook rehearse /dir/upgrade.yaml -i ${inventory} --state-dir /dir/state`;
  expect(await said('plan')).toMatch(/^not rehearsed; to try it on a twin of the cluster: runbook rehearse \S+ -i /);

  const rehearsed = await runbook(['rehearse', book, ...common]);
  expect(rehearsed.code, rehearsed.all).toBe(0);
  expect(await said('plan')).toBe('rehearsed about 1 min ago: it ended well');

  await kubectl('cordon worker-1');
  expect(await said('plan')).toBe(
    `rehearsed about 1 min ago: it ended well, but the cluster has changed since; ${again}`,
  );
  await kubectl('uncordon worker-1');
  expect(await said('plan')).toBe('rehearsed about 1 min ago: it ended well');

  const had = 'not rehearsed: the rehearsal about 1 min ago had';
  const sets = ['--set', 'force=true'];
  expect(await said('plan', ...sets)).toBe(
    `${had} other inputs; ${again.replace(' --state', ' --set force=true --state')}`,
  );
  expect(await said('plan', '--limit', 'cp-1')).toContain(`${had} other nodes; to rehearse again: `);
  await writeFile(book, `${text}\n# edited\n`);
  const edited = `${had} another text of the runbook and other inputs; `;
  expect(await said('plan', ...sets)).toContain(edited);

  const applied = await runbook(['apply', book, ...common, ...sets, '--yes', '--output', 'json']);
  expect(applied.code, applied.all).toBe(0);
  const event = applied.stdout.split('\n').find((line) => line.includes('"rehearsed"')) ?? '{}';
  expect(JSON.parse(event)).toMatchObject({ rehearsed: 'other', differs: ['runbook', 'inputs'], outcome: 'done' });
});
