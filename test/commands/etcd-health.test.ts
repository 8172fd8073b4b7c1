import { expect, test } from 'vitest';
import type { Lab } from '../../src/lab/lab.ts';
import { machineNamed } from '../../src/lab/world.ts';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';
import { openLab } from './open-lab.ts';

function kubeadmUpgrades(lab: Lab): string[] {
  return lab.world.machines.flatMap((machine) =>
    machine.audit.entries.flatMap(({ line }) =>
      /^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/.test(line) ? [`${machine.name}: ${line}`] : [],
    ),
  );
}

test('a dead member of etcd is refused with exit 3 and its name, before any kubeadm runs', async () => {
  const { lab, inventory } = await openLab();
  const third = machineNamed(lab.world, 'cp-3');
  if (!third) throw new Error('no cp-3');
  third.etcd.dead = true;

  const began = Date.now();
  const args = ['upgrade-1.32.yaml', '-i', inventory, '--state-dir', folder()];
  const applied = await runbook(['apply', ...args, '--yes']);
  expect(applied.code, applied.all.slice(-3000)).toBe(3);
  expect(applied.all).toMatch(/the etcd member cp-3 \(https:\/\/10\.10\.0\.13:2379\) is not healthy/);
  expect(applied.all).toContain('etcd-health');
  expect(Date.now() - began).toBeLessThan(60_000);
  expect(kubeadmUpgrades(lab)).toEqual([]);
  expect((await runbook(['plan', ...args])).code).toBe(3);

  third.etcd.dead = false;
  const planned = await runbook(['plan', ...args]);
  expect(planned.code, planned.all).toBe(0);
  expect(planned.all).not.toContain('etcd-health');
});
