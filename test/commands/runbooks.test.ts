import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

const files = readdirSync(new URL('../../runbooks', import.meta.url)).filter((name) => name.endsWith('.yaml'));

test('every runbook that is shipped validates, and its header says when, what it costs, what it destroys and the way back', async () => {
  for (const file of files) {
    const checked = await runbook(['validate', `runbooks/${file}`]);
    expect(checked.code, checked.all).toBe(0);
    expect(checked.all).not.toContain('warning');
    if (file === 'smoke.yaml') continue;
    const text = readFileSync(new URL(`../../runbooks/${file}`, import.meta.url), 'utf8');
    for (const word of ['When', 'Costs', 'Destroys', 'Back'])
      expect(text, file).toMatch(new RegExp(`^# ${word} `, 'm'));
  }
});

test('patch-upgrade moves a cluster within its minor, refuses another one, and is idle the second time', async () => {
  const lab = await labUp({ kubernetes: '1.32.4', controlPlanes: 3, workers: 1 });
  const args = ['-i', lab.inventory, '--state-dir', folder()];
  const other = await runbook(['apply', 'patch-upgrade.yaml', '--set', 'version=1.33.4', ...args, '--yes']);
  expect(other.code, other.all).toBe(3);
  const applied = await runbook(['apply', 'patch-upgrade.yaml', '--set', 'version=1.32.9', ...args, '--yes']);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  for (const node of await lab.nodes()) {
    expect(node, node.name).toMatchObject({ ready: true, unschedulable: false, kubeletRunning: '1.32.9' });
    expect(node.repoMinor).toBe('1.32');
  }
  const again = await runbook([
    'plan',
    'patch-upgrade.yaml',
    '--set',
    'version=1.32.9',
    ...args,
    '--detailed-exitcode',
  ]);
  expect(again.code, again.all).toBe(0);
}, 240_000);

test('all-at-once asks a person, then takes all workers down together', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 3 });
  const args = ['all-at-once.yaml', '--set', 'version=1.32.9', '-i', lab.inventory, '--state-dir', folder(), '--yes'];
  const asked = await runbook(['apply', ...args]);
  expect(asked.code, asked.all).toBe(2);
  expect(asked.all).toContain('--approve everything-goes-down');
  expect((await lab.nodes()).flatMap((node) => node.commands.filter((one) => /upgrade|drain/.test(one.line)))).toEqual(
    [],
  );

  const applied = await runbook(['apply', ...args, '--approve', 'everything-goes-down']);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  const nodes = await lab.nodes();
  for (const node of nodes) expect(node).toMatchObject({ ready: true, unschedulable: false, kubeletRunning: '1.32.9' });
  const lines = nodes.flatMap((node) => node.commands.map(({ at, line }) => ({ at, line })));
  const drains = lines.filter(({ line }) => /drain worker-/.test(line)).map(({ at }) => at);
  const uncordons = lines.filter(({ line }) => /uncordon worker-/.test(line)).map(({ at }) => at);
  expect(drains.length).toBeGreaterThanOrEqual(3);
  expect(drains.toSorted()[2]?.localeCompare(uncordons.toSorted()[0] ?? '')).toBeLessThan(0);
}, 240_000);
