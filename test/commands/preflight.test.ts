import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { preflightSchema } from '../../src/render/preflight.ts';
import { changes, folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

/** What is planted, the node that has it, and the guard that names it. */
const planted = [
  ['etcd-alarm@cp-2', 'cp-2', 'etcd-health'],
  ['certificate-expiring@cp-3', 'cp-3', 'certificates'],
  ['static-pod-edited@cp-2', 'cp-2', 'static-pods-edited'],
  ['full-disk@worker-1', 'worker-1', 'disk-room'],
  ['swap@worker-2', 'worker-2', 'swap'],
  ['clock-skew@worker-1', 'worker-1', 'clock-skew'],
  ['expired-key@worker-2', 'worker-2', 'repository-key'],
  ['duplicate-repository@worker-1', 'worker-1', 'repositories'],
  ['broken-package@worker-2', 'worker-2', 'package-state'],
  ['old-drop-in@cp-3', 'cp-3', 'old-drop-in'],
  ['cgroup-v1@worker-1', 'worker-1', 'cgroup-v1'],
] as const;

test('preflight names each planted problem with its node, the source of its rule and what to do, and exits 3', async () => {
  const lab = await labUp({ problems: planted.map(([problem]) => problem) });
  const args = ['-i', lab.inventory, '--state-dir', folder()];
  for (const runbookFile of [[], ['upgrade-1.32.yaml']]) {
    const told = await runbook(['preflight', ...runbookFile, ...args]);
    expect(told.code, told.all).toBe(3);
    const data = await runbook(['preflight', ...runbookFile, ...args, '--output', 'json']);
    expect(data.code, data.all).toBe(3);
    const { findings } = preflightSchema.parse(JSON.parse(data.stdout));
    for (const [problem, node, guard] of planted) {
      const found = findings.find((finding) => finding.guard === guard && finding.node === node);
      expect(found, `${problem} (${runbookFile.join('')})`).toMatchObject({
        source: expect.stringMatching(/\w/),
        remedy: expect.stringMatching(/\w/),
      });
      for (const part of [node, guard]) expect(told.stdout).toContain(part);
    }
  }
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);
}, 240_000);

test('a healthy cluster is ready, with no warning, as it stands and for an upgrade', async () => {
  const lab = await labUp();
  for (const runbookFile of [[], ['upgrade-1.32.yaml']]) {
    const told = await runbook(['preflight', ...runbookFile, '-i', lab.inventory, '--state-dir', folder()]);
    expect(told.code, told.all).toBe(0);
    expect(told.stdout).toContain('ready: 0 refusals, 0 warnings');
    for (const line of told.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  }
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);
}, 240_000);

test('a refusal is overridden by its name, with a reason that is journaled; a binding one never', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1, problems: ['full-disk@worker-1'] });
  const state = folder();
  const args = ['upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', state];
  const refused = await runbook(['apply', ...args, '--yes']);
  expect(refused.code, refused.all).toBe(3);
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);

  for (const override of [
    'disk-room',
    'disk-room=',
    'disk-roon=because',
    'skew-kubelet=because',
    'disk-room@nobody=because',
  ]) {
    const wrong = await runbook(['apply', ...args, '--yes', '--override', override]);
    expect(wrong.code, wrong.all).toBe(2);
  }
  expect((await runbook(['plan', ...args, '--override', 'disk-roon=because'])).all).toContain('`disk-room`');

  const reason = 'the images are there already';
  const applied = await runbook(['apply', ...args, '--yes', '--override', `disk-room@worker-1=${reason}`]);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  expect(applied.all).toContain(`overridden: ${reason}`);
  const run = applied.all.match(/\d{8}-\d{6}-upgrade-1-32-\w+/)?.[0] ?? '';
  const journal = readFileSync(join(state, 'runs', run, 'journal.jsonl'), 'utf8');
  expect(journal).toContain(`"guard":"disk-room","on":"worker-1","reason":"${reason}"`);
}, 240_000);

test('what breaks while a lab runs is seen by the next preflight', async () => {
  const lab = await labUp({ controlPlanes: 3, workers: 1 });
  const args = ['preflight', '-i', lab.inventory, '--state-dir', folder()];
  expect((await runbook(args)).code).toBe(0);
  await lab.plant('etcd-member-down@cp-3');
  const told = await runbook(args);
  expect(told.code, told.all).toBe(3);
  expect(told.stdout).toMatch(/refused +etcd-health +cp-3/);
});
