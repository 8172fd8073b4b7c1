import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { planSchema } from '../../src/plan/plan.ts';
import { eventSchema } from '../../src/event.ts';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

const reason = 'room was made, the alarm is disarmed on Friday';
const statusSchema = z.object({ run: z.string(), overrides: z.array(z.record(z.string(), z.string())) });

function findingsOf(stdout: string) {
  return stdout.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const event = eventSchema.parse(JSON.parse(line));
    return event.type === 'finding' ? [event.finding] : [];
  });
}

test('an override holds through the whole run and its resume, on its node alone, and is told everywhere', async () => {
  const lab = await labUp({ controlPlanes: 2, workers: 1, problems: ['etcd-alarm@cp-2'] });
  const state = folder();
  const common = ['-i', lab.inventory, '--state-dir', state];
  const runbookArgs = ['upgrade-1.32.yaml', ...common];
  const on = (node: string) => ['--override', `etcd-health@${node}=${reason}`];

  const elsewhere = await runbook(['plan', ...runbookArgs, ...on('cp-1')]);
  expect(elsewhere.code, elsewhere.all).toBe(3);
  expect(elsewhere.all).not.toContain('overridden');

  const planned = await runbook(['plan', ...runbookArgs, ...on('cp-2')]);
  expect(planned.code, planned.all).toBe(0);
  expect(planned.stdout).toContain(`overridden: ${reason}`);

  lab.fault('cp-2', 'kubeadm upgrade node', 'exit:1');
  const applied = await runbook(['apply', ...runbookArgs, ...on('cp-2'), '--yes', '--output', 'json']);
  expect(applied.code, applied.all.slice(-3000)).toBe(1);
  const inRun = findingsOf(applied.stdout).filter(
    (finding) => finding.guard === 'etcd-health' && finding.severity !== 'note',
  );
  expect(inRun.some((finding) => finding.step?.endsWith('kubeadm-upgrade-node'))).toBe(true);
  for (const finding of inRun) expect(finding).toMatchObject({ severity: 'warn', node: 'cp-2', overridden: reason });

  const { run, overrides } = statusSchema.parse(
    JSON.parse((await runbook(['status', '--state-dir', state, '--output', 'json'])).stdout),
  );
  expect(overrides).toEqual([{ guard: 'etcd-health', node: 'cp-2', reason }]);
  const shown = await runbook(['status', '--state-dir', state]);
  expect(shown.stdout).toContain(`overridden: etcd-health on cp-2: ${reason}`);
  const plan = planSchema.parse(JSON.parse(readFileSync(join(state, 'runs', run, 'plan.json'), 'utf8')));
  expect(plan.overrides).toEqual(overrides);

  const resumed = await runbook(['resume', ...common, '--yes', '--output', 'json']);
  expect(resumed.code, resumed.all.slice(-3000)).toBe(0);
  expect(findingsOf(resumed.stdout)).toContainEqual(
    expect.objectContaining({ guard: 'etcd-health', overridden: reason }),
  );
  const nodes = await lab.nodes();
  expect(nodes.map(({ kubeletRunning }) => kubeletRunning)).toEqual(['1.32.9', '1.32.9', '1.32.9']);
});

test('a saved plan carries its overrides, and apply takes no others with it', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1, problems: ['full-disk@worker-1'] });
  const file = join(folder(), 'plan.json');
  const common = ['-i', lab.inventory, '--state-dir', folder()];
  const override = ['--override', 'disk-room=a larger disk comes'];
  const planned = await runbook(['plan', 'upgrade-1.32.yaml', ...common, ...override, '-o', file]);
  expect(planned.code, planned.all).toBe(0);
  expect((await runbook(['apply', file, ...common, ...override, '--yes'])).code).toBe(2);
  const applied = await runbook(['apply', file, ...common, '--yes']);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  expect(applied.all).toContain('overridden: a larger disk comes');
});
