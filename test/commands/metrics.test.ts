import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { samplesIn } from '../telemetry/prom.ts';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: measured
phases:
  - name: The "workers"
    nodes: workers
    steps: [{ uses: cordon }, { run: systemctl restart kubelet, effect: repeatable }, { uses: uncordon }]
`;

test('--metrics keeps the file of a run that fails, is resumed to its end, or is closed', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 2 });
  const dir = folder();
  const [file, metrics] = [join(dir, 'measured.yaml'), join(dir, 'runbook.prom')];
  writeFileSync(file, RUNBOOK);
  const apply = (...more: string[]) =>
    runbook(['apply', file, '-i', lab.inventory, '--state-dir', join(dir, 'state'), '--yes', ...more]);
  const now = () => {
    const samples = samplesIn(readFileSync(metrics, 'utf8'));
    return (name: string, labels = '') => samples.get(`${name}{cluster="lab",runbook="measured"${labels}}`);
  };

  const refused = await apply('--metrics', join(dir, 'nowhere', 'runbook.prom'));
  expect(refused.code).toBe(2);
  expect(refused.all).toMatch(/cannot write the metrics to .*nowhere/);
  expect(refused.all).not.toContain('connecting');
  expect(existsSync(metrics)).toBe(false);

  lab.fault('worker-1', 'systemctl restart kubelet', 'exit:1');
  expect((await apply('--metrics', metrics)).code).toBe(1);
  const failed = now();
  expect(failed('runbook_run_state', ',state="failed"')).toBe(1);
  expect(failed('runbook_run_running')).toBe(0);
  expect(failed('runbook_phase_steps', ',phase="1",name="The \\"workers\\"",outcome="failed"')).toBe(1);
  expect(failed('runbook_phase_steps', ',phase="1",name="The \\"workers\\"",outcome="pending"')).toBe(4);
  expect(failed('runbook_node_out_of_service', ',node="worker-1"')).toBe(1);
  expect(failed('runbook_node_out_of_service', ',node="worker-2"')).toBe(0);
  expect(failed('runbook_node_out_of_service_seconds', ',node="worker-1"')).toBeGreaterThan(0);
  expect(failed('runbook_last_success_timestamp_seconds')).toBeUndefined();

  const resumed = await runbook(['resume', '--state-dir', join(dir, 'state'), '--yes', '--metrics', metrics]);
  expect(resumed.code, resumed.all).toBe(0);
  const done = now();
  expect(done('runbook_run_state', ',state="done"')).toBe(1);
  expect(done('runbook_run_resumes')).toBe(1);
  expect(done('runbook_run_step_failures')).toBe(1);
  expect(done('runbook_node_steps', ',node="worker-1",outcome="changed"')).toBe(3);
  expect(done('runbook_node_out_of_service', ',node="worker-1"')).toBe(0);
  const success = done('runbook_last_success_timestamp_seconds');
  expect(success).toBeGreaterThan(Date.now() / 1000 - 600);

  lab.fault('worker-1', 'systemctl restart kubelet', 'exit:1');
  const again = await apply('--metrics', metrics, '--output', 'json');
  const run = /"run":"([^"]+)"/.exec(again.stdout)?.[1] ?? '';
  expect(now()('runbook_run_state', ',state="failed"')).toBe(1);
  const closed = await runbook(['close', run, '--state-dir', join(dir, 'state'), '--yes', '--metrics', metrics]);
  expect(closed.code, closed.all).toBe(0);
  expect(now()('runbook_run_state', ',state="closed"')).toBe(1);
  expect(now()('runbook_node_out_of_service', ',node="worker-1"')).toBe(0);
  expect(now()('runbook_last_success_timestamp_seconds')).toBe(success);
});
