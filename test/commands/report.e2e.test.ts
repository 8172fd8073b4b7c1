import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseJournal } from '../../src/journal/journal.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { reportSchema, type RunReport } from '../../src/render/report-data.ts';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

/** Of the only run in a state folder. */
function onlyRun(state: string) {
  const [id = ''] = readdirSync(join(state, 'runs'));
  const path = join(state, 'runs', id);
  const file = join(path, 'journal.jsonl');
  return { id, path, records: (): readonly JournalRecord[] => parseJournal(file, readFileSync(file)).records };
}

async function reportIn(state: string): Promise<RunReport> {
  const { code, stdout, all } = await runbook(['report', '--state-dir', state, '--format', 'json']);
  expect(code, all).toBe(0);
  return reportSchema.parse(JSON.parse(stdout));
}

test('an upgrade that failed on a worker, with a guard overridden, is reported before and after its resume', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1, problems: ['full-disk@worker-1'] });
  const state = folder();
  const common = ['-i', lab.inventory, '--state-dir', state, '--yes'];
  lab.fault('worker-1', 'kubeadm upgrade node', 'exit:7');
  const applied = await runbook([
    'apply',
    'upgrade-1.32.yaml',
    ...common,
    '--override',
    'disk-room=a disk <b>comes</b>',
  ]);
  expect(applied.code, applied.all.slice(-2000)).toBe(1);

  const run = onlyRun(state);
  const failed = await reportIn(state);
  expect(failed).toMatchObject({ run: run.id, state: 'failed', cluster: 'lab', counts: { failed: 1 } });
  expect(failed.overrides).toMatchObject([{ guard: 'disk-room', reason: 'a disk <b>comes</b>' }]);
  expect(failed.overrides[0]?.by).toBeTruthy();
  const step = failed.steps.find(({ outcome }) => outcome === 'failed');
  const last = step?.spans.at(-1)?.attempts.at(-1);
  expect(last?.end).toEqual({ kind: 'exited', code: 7 });
  expect(failed.texts[last?.output ?? -1]).toContain('a fault of the lab');
  expect(failed.texts[step?.commands[0] ?? -1]).toContain('kubeadm upgrade node');

  const resumed = await runbook(['resume', ...common]);
  expect(resumed.code, resumed.all.slice(-2000)).toBe(0);
  const done = await reportIn(state);
  expect(done).toMatchObject({ state: 'done', counts: { failed: 0, pending: 0 } });
  expect(done.marks.map(({ kind }) => kind).filter((kind) => kind !== 'retried')).toEqual([
    'started',
    'overridden',
    'failed',
    'stopped',
    'resumed',
    'done',
  ]);
  for (const node of done.nodes) {
    expect(node.before?.kubelet, node.name).toBe('1.31.9');
    expect(node.after?.kubelet, node.name).toBe('1.32.9');
    expect(node.outages, node.name).toHaveLength(1);
  }
  const drained = run
    .records()
    .find(({ type, ...of }) => type === 'attempt-started' && 'step' in of && of.step.endsWith('drain'));
  expect(done.nodes[0]?.outages[0]?.from).toBe(drained?.at);

  expect(done.expected?.kinds).toBeGreaterThan(5);
  expect(done.phases.every(({ expected, skipped }) => expected !== undefined || skipped !== undefined)).toBe(true);

  const markdown = await runbook(['report', run.id, '--state-dir', state, '--format', 'md']);
  expect(markdown.stdout).toContain('kubelet 1.31.9 → 1.32.9');
  expect(markdown.stdout).toContain('## Failures');
  expect(markdown.stdout).toContain('## Estimated and real time');
  expect(markdown.stdout).toContain('a disk \\<b\\>comes\\</b\\>');
});

test('a state folder that is only partly there is reported as far as it goes', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 0 });
  const state = folder();
  const applied = await runbook(['apply', 'smoke.yaml', '-i', lab.inventory, '--state-dir', state, '--yes']);
  expect(applied.code, applied.all).toBe(0);
  const run = onlyRun(state);
  for (const name of ['facts.json', 'facts-before.json', 'logs']) rmSync(join(run.path, name), { recursive: true });
  const report = await reportIn(state);
  expect(report.state).toBe('done');
  expect(report.gaps).toHaveLength(3);

  rmSync(join(run.path, 'journal.jsonl'));
  expect(await reportIn(state)).toMatchObject({ state: 'not started', counts: { changed: 0 } });
});

test('a report goes into a file for its owner alone, or nowhere', async () => {
  const state = folder();
  const out = join(state, 'report.md');
  const none = await runbook(['report', '--state-dir', state, '-o', out]);
  expect(none.code).toBe(2);
  expect(none.all).toContain('no runs are known');
  expect(readdirSync(state)).toEqual([]);

  const lab = await labUp({ controlPlanes: 1, workers: 0 });
  await runbook(['apply', 'smoke.yaml', '-i', lab.inventory, '--state-dir', state, '--yes']);
  writeFileSync(out, 'old');
  chmodSync(out, 0o644);
  const { code, stdout, all } = await runbook(['report', '--state-dir', state, '-o', out, '--format', 'md']);
  expect(code, all).toBe(0);
  expect(stdout).toBe('');
  expect(readFileSync(out, 'utf8')).toContain('# smoke on lab: done');
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const refused = await runbook(['report', '--state-dir', state, '-o', join(state, 'missing', 'report.md')]);
  expect(refused.code).toBe(2);
  expect(refused.all).toContain('cannot write');
});
