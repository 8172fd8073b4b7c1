import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventSchema } from '../../src/event.ts';
import { changes, folder, labUp, type NodeState, runbook } from './cli.ts';

const VERSION = '1.32.9';

function ran(node: NodeState, pattern: RegExp): string[] {
  return node.commands.filter((command) => pattern.test(command.line)).map((command) => command.at);
}

test('upgrade-1.32 on 3 control planes and 2 workers: all at the version, in the safe order, and a second run is idle', async () => {
  const lab = await labUp('--control-planes', '3', '--workers', '2');
  const state = folder();
  const before = await lab.nodes();
  const common = ['upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', state];

  const planned = await runbook(['plan', ...common, '--detailed-exitcode']);
  expect(planned.code, planned.all).toBe(6);
  for (const { name } of before) expect(planned.stdout).toContain(name);
  for (const words of ['kubeadm upgrade apply', 'kubeadm upgrade node', ' drain ', ' uncordon ']) {
    expect(planned.stdout).toContain(words);
  }
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);

  const applied = await runbook(['apply', ...common, '--yes', '--output', 'json']);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  const events = applied.stdout
    .trim()
    .split('\n')
    .map((line) => eventSchema.parse(JSON.parse(line)));
  expect(events.at(-1)).toMatchObject({ type: 'run-finished', outcome: 'done', counts: { failed: 0, unknown: 0 } });

  const nodes = await lab.nodes();
  for (const [index, node] of nodes.entries()) {
    expect(node, node.name).toMatchObject({
      ready: true,
      unschedulable: false,
      kubeletRunning: VERSION,
      repoMinor: '1.32',
    });
    for (const name of ['kubeadm', 'kubelet', 'kubectl']) expect(node.packages[name]).toMatch(/^1\.32\.9/);
    expect(node.held.toSorted()).toEqual(before[index]?.held.toSorted());
    for (const [component, version] of Object.entries(node.staticPods)) {
      if (component !== 'etcd') expect(version, `${node.name} ${component}`).toBe(VERSION);
    }
    expect(ran(node, /^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/)).toHaveLength(1);
  }
  expectSafeOrder(nodes);

  const again = await runbook(['apply', ...common, '--yes', '--output', 'json']);
  expect(again.code).toBe(0);
  const finished = again.stdout.split('\n').filter((line) => line.includes('"step-finished"'));
  for (const line of finished)
    expect(JSON.parse(line)).toMatchObject({ outcome: 'unchanged', reason: expect.stringMatching(/\w/) });
  expect((await lab.nodes()).map(changes)).toEqual(nodes.map(changes));
  expect((await runbook(['plan', ...common, '--detailed-exitcode'])).code).toBe(0);
});

/** From the lab's own timestamps: control planes before workers, kubeadm < drain < kubelet < restart, one node out at a time. */
function expectSafeOrder(nodes: readonly NodeState[]): void {
  const all = nodes
    .flatMap((node) => node.commands.map((command) => ({ ...command, node })))
    .toSorted((a, b) => a.at.localeCompare(b.at));
  const lastApi =
    all.findLast((one) => one.node.role === 'control-plane' && one.line.startsWith('kubeadm upgrade'))?.at ?? '';
  const out = new Set<string>();
  for (const { line } of all) {
    const [, verb, name = ''] = /^kubectl.*\b(drain|uncordon) (\S+)/.exec(line) ?? [];
    if (verb === 'drain') out.add(name);
    if (verb === 'uncordon') out.delete(name);
    expect(out.size, line).toBeLessThanOrEqual(1);
  }
  for (const node of nodes) {
    const drained = all.find((one) => new RegExp(`^kubectl.*\\bdrain ${node.name}\\b`).test(one.line))?.at ?? '';
    const [kubeadm = ''] = ran(node, /^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/);
    const [install = ''] = ran(node, /^apt-get(?!.*--download-only).*install.*kubelet=/);
    const [restart = ''] = ran(node, /^systemctl restart kubelet/);
    expect([kubeadm, drained, install, restart]).toEqual([kubeadm, drained, install, restart].toSorted());
    expect(kubeadm).not.toBe('');
    if (node.role === 'control-plane') expect(restart > lastApi, 'kubelets after every API server').toBe(true);
    else expect(kubeadm > lastApi, 'control planes first').toBe(true);
  }
}

test('a step that fails is told with its last lines, its log and the way on; a resume does just what is left', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2');
  const state = folder();
  await lab.fault('worker-1', 'kubeadm upgrade node', 'exit:1');
  const failed = await runbook(['apply', 'upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', state, '--yes']);
  expect(failed.code).toBe(1);
  expect(failed.all).toMatch(/worker-1.*kubeadm-upgrade-node/);
  expect(failed.all).toContain('runbook resume');
  const log = /\S+\/logs\/worker-1\/\S+\.log/.exec(failed.all)?.[0] ?? '';
  await expect(readFile(log, 'utf8')).resolves.toBeDefined();
  expect(changes(await lab.node('worker-2'))).toEqual([]);

  const blocked = await runbook(['apply', 'upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', state, '--yes']);
  expect(blocked.code).toBe(1);
  expect(blocked.all).toContain('runbook resume');

  const resumed = await runbook(['resume', '--state-dir', state, '--yes']);
  expect(resumed.code, resumed.all.slice(-3000)).toBe(0);
  for (const node of await lab.nodes()) {
    const times = ran(node, /^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/).length;
    expect(times, node.name).toBe(node.name === 'worker-1' ? 2 : 1);
    expect(node).toMatchObject({ kubeletRunning: VERSION, unschedulable: false });
    expect(ran(node, /^systemctl restart kubelet/)).toHaveLength(1);
  }
  expect((await runbook(['resume', '--state-dir', state, '--yes'])).all).toContain('nothing to resume');
  const runs = await runbook(['runs', '--state-dir', state]);
  expect(runs.stdout).toMatch(/upgrade-1.32\S* +done/);
  const status = await runbook(['status', '--state-dir', state]);
  expect(status.stdout).toContain('worker-2');
  const id = /\d{8}-\d{6}-\S+/.exec(runs.stdout)?.[0] ?? '';
  const logs = await runbook(['logs', id, 'cp-1', '--state-dir', state]);
  expect(logs.stdout).toContain('SUCCESS!');
});

test.each([
  ['1.33.4', /no-skipped-minor|kubeadm-version/, /1\.32/],
  ['1.30.4', /[Dd]owngrade/, /./],
])('--set version=%s on 1.31 is refused before anything is changed', async (version, rule, remedy) => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const args = ['upgrade-1.32.yaml', '-i', lab.inventory, '--set', `version=${version}`, '--state-dir', folder()];
  for (const command of [
    ['apply', ...args, '--yes'],
    ['plan', ...args],
  ]) {
    const refused = await runbook(command);
    expect(refused.code).toBe(3);
    expect(refused.all).toMatch(rule);
    expect(refused.all).toMatch(remedy);
  }
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);
});

test('pods that a drain would destroy or that a PDB holds are named before anything is changed', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2', '--workloads', 'naked,emptydir,blocked-pdb');
  const args = ['apply', 'upgrade-1.32.yaml', '-i', lab.inventory, '--yes', '--state-dir', folder()];
  const refused = await runbook(args);
  expect(refused.code).toBe(3);
  for (const words of [/naked/, /emptyDir/i, /PodDisruptionBudget|PDB/]) expect(refused.all).toMatch(words);
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);
});

test('a saved plan is applied as it is, and refused once the facts or the runbook have moved', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const state = folder();
  const file = join(state, 'plan.json');
  const planned = await runbook(['plan', 'upgrade-1.32.yaml', '-i', lab.inventory, '-o', file]);
  expect(planned.code, planned.all).toBe(0);
  const dry = await runbook(['apply', file, '--dry-run', '--state-dir', state]);
  expect([dry.code, dry.stdout], dry.all).toEqual([0, planned.stdout]);
  const applied = await runbook(['apply', file, '--yes', '--state-dir', state]);
  expect(applied.code, applied.all.slice(-2000)).toBe(0);
  expect((await runbook(['plan', file, '--state-dir', state])).code).toBe(3);
  const moved = await runbook(['apply', file, '--yes', '--state-dir', state]);
  expect(moved.code).toBe(3);
  expect(moved.all).toContain('is out of date');
});

test('without a terminal and without --yes nothing is contacted', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '0');
  const refused = await runbook(['apply', 'upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', folder()]);
  expect(refused.code).toBe(2);
  expect(refused.all).toContain('--yes');
});
