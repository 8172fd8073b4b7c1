import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, labUp, type NodeState, runbook, startRunbook } from './cli.ts';
import { more } from '../journal/reseal.ts';

function count(node: NodeState, pattern: RegExp): number {
  return node.commands.filter((command) => pattern.test(command.line)).length;
}

const REBOOT_RUNS = /worker-1 +✔ ✔ ▶ · · {2}1\.3-reboot left running on worker-1\n/;

/** The same run, had it been killed some moments later: the reboot was asked for, and is waited for. */
function endedIn(state: string): string {
  const copy = folder();
  cpSync(state, copy, { recursive: true });
  const [run = ''] = readdirSync(join(copy, 'runs'));
  const journal = join(copy, 'runs', run, 'journal.jsonl');
  const ended = { type: 'attempt-ended', step: '1.3-reboot', node: 'worker-1', attempt: 1 } as const;
  writeFileSync(journal, more(readFileSync(journal, 'utf8'), { ...ended, state: { kind: 'exited', code: 0 } }));
  return copy;
}

const UPGRADE = /^apt-get(?!.* -s ).* upgrade$/;

test('os-maintenance updates and reboots each node once, out of service meanwhile, and a second run is idle', async () => {
  const lab = await labUp('--control-planes', '3', '--workers', '2');
  const args = ['os-maintenance.yaml', '-i', lab.inventory, '--state-dir', folder()];
  const before = await lab.nodes();
  const planned = await runbook(['plan', ...args, '--detailed-exitcode']);
  expect(planned.code, planned.all).toBe(6);
  expect(planned.stdout).toContain('a new kernel is installed by then');
  const applied = await runbook(['apply', ...args, '--yes']);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  const nodes = await lab.nodes();
  for (const [index, node] of nodes.entries()) {
    expect(node, node.name).toMatchObject({ ready: true, unschedulable: false, rebooted: true });
    expect(node.packages).toEqual(before[index]?.packages);
    expect(node.held.toSorted()).toEqual(before[index]?.held.toSorted());
    expect([count(node, UPGRADE), count(node, /reboot$/)], node.name).toEqual([1, 1]);
  }
  const moves = nodes.flatMap((node) => node.commands.filter(({ line }) => /^etcdctl .*move-leader/.test(line)));
  expect(moves.map(({ exit }) => exit)).not.toEqual([]);
  expect(moves.every(({ exit }) => exit === 0)).toBe(true);
  const again = await runbook(['apply', ...args, '--yes']);
  expect(again.code, again.all).toBe(0);
  expect(again.all).toMatch(/done in .*: \d+ unchanged/);
  for (const node of await lab.nodes()) expect([count(node, UPGRADE), count(node, /reboot$/)]).toEqual([1, 1]);
});

test('killed while a node is down for its reboot, resume waits for it and does not reboot it again', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const state = folder();
  const args = ['os-maintenance.yaml', '-i', lab.inventory, '--state-dir', state, '--limit', 'workers', '--yes'];
  const first = startRunbook(['apply', ...args]);
  for await (const line of first.iterable({ from: 'all' })) {
    if (/worker-1.*reboot: started/.test(line)) first.kill('SIGKILL');
  }
  await first;
  expect((await runbook(['status', '--state-dir', state])).stdout).toMatch(REBOOT_RUNS);
  expect((await runbook(['status', '--state-dir', endedIn(state)])).stdout).toMatch(REBOOT_RUNS);
  const resumed = await runbook(['resume', '-i', lab.inventory, '--state-dir', state, '--yes']);
  expect(resumed.code, resumed.all).toBe(0);
  const worker = await lab.node('worker-1');
  expect(worker).toMatchObject({ ready: true, unschedulable: false, rebooted: true });
  expect([count(worker, UPGRADE), count(worker, /reboot$/)]).toEqual([1, 1]);
});

test('no control plane is rebooted while another has no healthy member of etcd', async () => {
  const lab = await labUp('--control-planes', '3', '--workers', '1', '--problems', 'etcd-member-down@cp-3');
  const args = ['apply', 'os-maintenance.yaml', '-i', lab.inventory, '--yes'];
  const refused = await runbook([...args, '--state-dir', folder()]);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toContain(
    'cp-1, cp-2 2.1-etcd-move-leader: etcd would lose its quorum while <node> restarts its member',
  );
  for (const node of await lab.nodes()) expect([count(node, UPGRADE), count(node, /reboot$/)]).toEqual([0, 0]);
});

test('a node that goes on asking for a reboot after its reboot is rebooted once', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const file = join(folder(), 'pinned.yaml');
  // The newest kernel is not the one that the boot loader starts.
  const steps = `      - run: touch /boot/vmlinuz-99.0.0 "/boot/vmlinuz-$(uname -r)"\n      - uses: reboot\n`;
  const head = 'apiVersion: runbook/v1\nkind: Runbook\nname: pinned\nphases:\n';
  writeFileSync(file, `${head}  - name: Reboot\n    nodes: workers\n    steps:\n${steps}`);
  const { code, all } = await runbook(['apply', file, '-i', lab.inventory, '--state-dir', folder(), '--yes']);
  expect(count(await lab.node('worker-1'), /reboot$/)).toBe(1);
  expect(code, all).toBe(0);
});

test('Ctrl-C twice ends the run also while it waits for a node to come back', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const file = join(folder(), 'stuck.yaml');
  const head = 'apiVersion: runbook/v1\nkind: Runbook\nname: stuck\nphases:\n';
  const step = '      - { uses: reboot, with: { when: always } }\n';
  writeFileSync(file, `${head}  - name: Reboot\n    nodes: workers\n    steps:\n${step}`);
  await lab.fault('worker-1', 'systemctl reboot', 'exit:0');
  const running = startRunbook(['apply', file, '-i', lab.inventory, '--state-dir', folder(), '--yes']);
  for await (const line of running.iterable({ from: 'all' })) {
    if (/not been rebooted yet|finishing what runs/.test(line)) running.kill('SIGINT');
  }
  const { exitCode } = await running;
  expect(exitCode).toBe(130);
});

test('pods that a drain would destroy are refused before any node is touched', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1', '--workloads', 'naked');
  const refused = await runbook([
    'apply',
    'os-maintenance.yaml',
    '-i',
    lab.inventory,
    '--state-dir',
    folder(),
    '--yes',
  ]);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toContain('naked');
  for (const node of await lab.nodes()) expect([count(node, UPGRADE), count(node, /reboot$/)]).toEqual([0, 0]);
});
