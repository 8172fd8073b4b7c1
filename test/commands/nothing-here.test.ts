import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

const document = (name: string, script: string) =>
  `apiVersion: runbook/v1\nkind: Runbook\nname: ${name}\nphases: [{ name: One, nodes: all, steps: [{ run: '${script}' }] }]\n`;

test('resume does not take for nothing what the last nodes or a killed apply leave unfinished', async () => {
  const { inventory } = await labUp({ controlPlanes: 1, workers: 0 });
  const dir = folder();
  const [here, elsewhere] = [join(dir, 'here'), join(dir, 'elsewhere')];
  const apply = (name: string, script: string, state: string) => {
    const file = join(dir, `${name}.yaml`);
    writeFileSync(file, document(name, script));
    return runbook(['apply', file, '-i', inventory, '--state-dir', state, '--yes']);
  };
  const resume = () => runbook(['resume', '--state-dir', here, '--yes']);
  expect(await apply('fine', 'true', here)).toMatchObject({ code: 0 });
  expect(await resume()).toMatchObject({ code: 0, all: expect.stringContaining('nothing to resume') });

  expect(await apply('stuck', 'false', elsewhere)).toMatchObject({ code: 1 });
  const [run = ''] = readdirSync(join(elsewhere, 'runs'));
  const found = await resume();
  expect(found.code, found.all).toBe(1);
  expect(found.all).toContain(`run ${run} of stuck is not finished`);
  expect(found.all).toContain(`runbook resume ${run} -i ${inventory} --state-dir ${here}`);

  mkdirSync(join(here, 'planning'));
  const gone = {
    version: 1,
    id: 'a',
    run: '',
    runbook: 'up',
    cluster: 'lab',
    user: 'u',
    pid: 1,
    startedAt: '2026-01-01T00:00:00Z',
  };
  const boot = { host: hostname(), pidStart: '1', bootId: 'of an earlier boot' };
  writeFileSync(
    join(here, 'planning', 'a.json'),
    JSON.stringify({ ...gone, ...boot, command: 'runbook apply up.yaml' }),
  );
  const killed = await resume();
  expect(killed.code, killed.all).toBe(1);
  expect(killed.all).toContain('an apply of up on lab ended before its run began');
  expect(killed.all).toContain('Give its command again: runbook apply up.yaml');
});
