import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

/** A step here whose check is as given. */
function withCheck(check: string, more = '') {
  const dir = folder();
  const file = join(dir, 'here.yaml');
  const step = `{ name: Mark, run: 'echo mark >>${dir}/mark', on: local, check: ${JSON.stringify(check)}${more} }`;
  writeFileSync(
    file,
    `apiVersion: runbook/v1\nkind: Runbook\nname: here\nphases:\n  - { name: Here, nodes: all, steps: [${step}] }\n`,
  );
  const node = '{ name: n-1, host: n-1.invalid, role: other }';
  const inventory = join(dir, 'inventory.yaml');
  writeFileSync(inventory, `apiVersion: runbook/v1\nkind: Inventory\ncluster: nowhere\nnodes: [${node}]\n`);
  const common = [file, '-i', inventory, '--state-dir', join(dir, 'state')];
  return {
    look: () => runbook(['plan', ...common]),
    apply: () => runbook(['apply', ...common, '--yes']),
    ran: () => existsSync(join(dir, 'mark')),
  };
}

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

test('a check that could not be asked is neither yes nor no: plan warns, and apply does not run the step', async () => {
  const it = withCheck('no-such-tool --is-done');
  const planned = await it.look();
  expect(planned.code, planned.all).toBe(0);
  expect(flat(planned.all)).toMatch(/the check of \S+ could not be asked: .*no-such-tool: .*not found \(exit 127\)/);
  const applied = await it.apply();
  expect(applied.code, applied.all).toBe(1);
  expect(flat(applied.all)).toMatch(/its check could not be asked: .*no-such-tool/);
  expect(it.ran()).toBe(false);
});

test.each([
  ['a step that may be repeated runs all the same', 'no-such-tool', ', effect: repeatable'],
  ['`command -v` of a tool that is not there says no', 'command -v no-such-tool >/dev/null', ''],
])('%s', async (_title, check, more) => {
  const it = withCheck(check, more);
  const applied = await it.apply();
  expect(applied.all).toMatch(/started/);
  expect(it.ran()).toBe(true);
});
