import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { type Lab, labUp, runbook } from './in-process.ts';

function maintenance(lab: Lab, ...inputs: string[]) {
  const settings = ['reboot=always', 'drainTimeout=10s', ...inputs].flatMap((input) => ['--set', input]);
  const where = ['-i', lab.inventory, '--state-dir', folder(), '--limit', 'worker-1', '--yes'];
  return runbook(['apply', 'os-maintenance.yaml', ...where, ...settings]);
}

async function rebooted(lab: Lab): Promise<boolean> {
  return (await lab.node('worker-1')).commands.some(({ line }) => line.endsWith('reboot'));
}

test('volumes that are detached after their pods have ended hold nothing up', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 2, workloads: ['volumes'] });
  const { code, all } = await maintenance(lab);
  expect(code, all).toBe(0);
  expect(await rebooted(lab)).toBe(true);
});

test.each([
  ['fail', 1, false, /volumes are still attached to worker-1 after 10 s: pvc-/],
  ['skip-node', 1, false, /left out: worker-1/],
  ['force', 0, true, /volumes are left attached, because: the disk is broken/],
])(
  'a volume that stays attached is up to `onBlocked`: %s',
  async (policy, code, reboots, words) => {
    const lab = await labUp({ controlPlanes: 1, workers: 2, workloads: ['stuck-volume'] });
    const ended = await maintenance(lab, `onBlocked=${policy}`, 'onBlockedReason=the disk is broken');
    expect(ended.code, ended.all).toBe(code);
    expect(ended.all).toMatch(words);
    expect(await rebooted(lab)).toBe(reboots);
    expect((await lab.node('worker-1')).unschedulable).toBe(false);
  },
  180_000,
);
