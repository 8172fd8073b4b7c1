import { rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: c
nodes: [{ name: n1, host: h1, role: other }, { name: n2, host: h2, role: other }]
`;
const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: asking
phases:
  - name: One
    nodes: n1
    steps:
      - { run: 'test ! -e bad', on: local }
      - { name: Go on, uses: approve, with: { message: m } }
  - name: Two
    nodes: n2
    if: 'false'
    steps: [{ name: Not asked, uses: approve, with: { message: m } }]
`;

const cwd = process.cwd();
beforeEach(() => process.chdir(folder()));
afterEach(() => process.chdir(cwd));

test('resume takes the same --approve as apply did, also for a step that the plan does not have', async () => {
  await writeFile('inventory.yaml', INVENTORY);
  await writeFile('r.yaml', RUNBOOK);
  const here = process.cwd();
  await writeFile('r.yaml', RUNBOOK.replace('-e bad', `-e ${here}/bad`));
  await writeFile('bad', '');
  const approve = ['--approve', 'go-on', '--approve', 'not-asked'];
  const failed = await runbook(['apply', 'r.yaml', '--yes', ...approve]);
  expect(failed.code, failed.all).toBe(1);
  await rm('bad');
  const misspelt = await runbook(['resume', '--yes', ...approve, '--approve', 'not-askd']);
  expect(misspelt.code, misspelt.all).toBe(2);
  expect(misspelt.all).toContain('--approve not-askd: no step of that name asks for approval');
  expect(misspelt.all).toContain('Those that ask: go-on, not-asked');
  const resumed = await runbook(['resume', '--yes', ...approve]);
  expect(resumed.code, resumed.all).toBe(0);
});
