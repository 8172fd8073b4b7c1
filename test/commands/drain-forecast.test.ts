import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changes, folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

/** As people read it, whatever the width of the terminal. */
const flat = (text: string) => text.replaceAll(/\s+/g, ' ');

test('the plan names a blocking budget, a naked pod, what goes together and what fits nowhere before anything is changed', async () => {
  const workloads = [
    'naked',
    'orphan',
    'foreign-daemonset',
    'blocked-pdb',
    'unsynced-pdb',
    'two-pdbs',
    'too-big',
    'together',
  ] as const;
  const lab = await labUp({ controlPlanes: 1, workers: 2, workloads });
  const common = ['os-maintenance.yaml', '-i', lab.inventory, '--state-dir', folder(), '--limit', 'workers'];
  const planned = await runbook(['plan', ...common]);
  expect(planned.code).toBe(3);
  for (const words of [
    /forecast: \d+ pods move; deleted permanently: demo/,
    /PodDisruptionBudget demo\/single can never allow a disruption/,
    /2 PodDisruptionBudgets cover demo\/twice-\S+ on worker-\d \(twice, twice-again\)/,
    /delete permanently, as no controller brings them back: demo\/naked, demo\/gone-x7k2p/,
    /demo\/unscaled can never allow a disruption \(the disruption controller cannot compute it: widgets\.example\.com/,
    /are of a DaemonSet that is not of the group apps: demo\/kruise-\S+ \(apps\.kruise\.io\)/,
    /all 2 replicas of demo\/ReplicaSet pair-\S+ are on worker-\d and go together/,
    /fit nowhere else while it is drained: demo\/big-\S+ \(no suitable node has room for cpu 3; worker-\d has the most left, cpu 0\.\d+\)/,
  ])
    expect(flat(planned.stdout)).toMatch(words);
  const applied = await runbook(['apply', ...common, '--yes']);
  expect(applied.code).toBe(3);
  expect(applied.stderr).toMatch(/refused: worker-\d \S+-drain: draining worker-\d would delete permanently/);
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);
});

const worker = `apiVersion: runbook/v1
kind: Runbook
name: half-done
phases:
  - name: Workers
    nodes: worker-1
    steps:
      - name: Configure
        run: echo configured
      - uses: drain
      - run: touch /root/patched
      - uses: uncordon
`;

test('a node whose drain failed after it was changed is given back with the reason on it, until a resume has finished it', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1 });
  const dir = folder();
  const file = join(dir, 'half-done.yaml');
  await writeFile(file, worker);
  const reason = async () => (await lab.node('worker-1')).annotations['runbook/failed'];
  lab.fault('cp-1', 'drain worker-1', 'exit:1');
  const common = ['--state-dir', dir, '--yes'];
  const failed = await runbook(['apply', file, '-i', lab.inventory, ...common]);
  expect(failed.code, failed.all).toBe(1);
  expect((await lab.node('worker-1')).unschedulable).toBe(false);
  expect(await reason()).toMatch(/1\.2-drain \(drain\): exited with 1/);
  const resumed = await runbook(['resume', ...common]);
  expect(resumed.code, resumed.all).toBe(0);
  expect((await lab.node('worker-1')).unschedulable).toBe(false);
  expect(await reason()).toBeUndefined();
});
