import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, labUp, runbook, startRunbook, type Lab, type NodeState } from './cli.ts';

/** The lab's inventory with groups, as the runbook's header asks for them. */
function grouped(lab: Lab, groups: Readonly<Record<string, readonly string[]>>): void {
  const lines = Object.entries(groups).map(([name, nodes]) => `  ${name}: [${nodes.join(', ')}]\n`);
  writeFileSync(lab.inventory, `${readFileSync(lab.inventory, 'utf8')}groups:\n${lines.join('')}`);
}

const REMOVING = /^(kubectl(?!.*--dry-run).*\b(drain|cordon|delete node)\b|kubeadm reset)/;

function removals(nodes: readonly NodeState[]): string[] {
  return nodes
    .flatMap((node) => node.commands)
    .filter((command) => REMOVING.test(command.line))
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .map((command) => command.line.replace(/^kubectl --kubeconfig \S+ /, '').replace(/ --.*/, ''));
}

test('replace-workers asks a person, then drains, resets and removes the old workers one by one, and is idle the second time', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '4');
  grouped(lab, { new: ['worker-3', 'worker-4'], old: ['worker-1', 'worker-2'] });
  const args = ['replace-workers.yaml', '-i', lab.inventory, '--state-dir', folder()];
  const asked = await runbook(['apply', ...args, '--yes']);
  expect(asked.code, asked.all).toBe(2);
  expect(asked.all).toContain('--approve the-old-workers-go');
  expect(removals(await lab.nodes())).toEqual([]);

  const applied = await runbook(['apply', ...args, '--yes', '--approve', 'the-old-workers-go']);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  const nodes = await lab.nodes();
  const way = (name: string) => [`drain ${name}`, 'kubeadm reset', `delete node ${name}`];
  expect(removals(nodes)).toEqual([...way('worker-1'), ...way('worker-2')]);
  expect(nodes.map(({ name, ready, unschedulable }) => ({ name, ready, unschedulable }))).toEqual(
    ['cp-1', 'worker-1', 'worker-2', 'worker-3', 'worker-4'].map((name) => ({
      name,
      ready: !['worker-1', 'worker-2'].includes(name),
      unschedulable: false,
    })),
  );

  const again = await runbook(['plan', ...args, '--detailed-exitcode']);
  expect(again.all).not.toMatch(/\bchange \d/);
  expect(again.all).toContain('<node> has no Node object any more');
});

test('replace-workers refuses without its groups, a control plane among the old, and pods that would be lost', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '3', '--workloads', 'naked');
  const approved = ['--yes', '--approve', 'the-old-workers-go'];
  const bare = readFileSync(lab.inventory, 'utf8');
  const plan = async (groups: Readonly<Record<string, readonly string[]>>, ...more: string[]) => {
    writeFileSync(lab.inventory, bare);
    if (Object.keys(groups).length > 0) grouped(lab, groups);
    return runbook([
      'apply',
      'replace-workers.yaml',
      '-i',
      lab.inventory,
      '--state-dir',
      folder(),
      ...approved,
      ...more,
    ]);
  };
  const without = await plan({});
  expect(without.code, without.all).toBe(2);
  expect(without.all).toContain('new');

  const plane = await plan({ new: ['worker-3'], old: ['cp-1'] });
  expect(plane.code, plane.all).toBe(3);
  expect(plane.all).toContain('cp-1 is no worker');

  const lost = await plan({ new: ['worker-3'], old: ['worker-1'] });
  expect(lost.code, lost.all).toBe(3);
  expect(lost.all).toContain('no controller brings them back');
  expect(removals(await lab.nodes())).toEqual([]);

  const meant = await plan({ new: ['worker-3'], old: ['worker-1'] }, '--set', 'force=true');
  expect(meant.code, meant.all.slice(-3000)).toBe(0);
});

const JOIN = /^kubeadm join /;
const APPROVED = ['--yes', '--approve', 'the-old-workers-go'];

/** Every file below a folder, in one text. */
function everything(path: string): string {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8')).join('\n');
}

test('replace-workers joins new machines by tokens that stand nowhere, and takes the old ones away', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1', '--spare-workers', '2');
  const state = folder();
  const args = ['replace-workers.yaml', '-i', lab.inventory, '--state-dir', state];
  const planned = await runbook(['plan', ...args, '--detailed-exitcode']);
  expect(planned.code, planned.all).toBe(6);
  expect(planned.stdout).toContain('<node> is no node of this cluster yet');

  const applied = await runbook(['apply', ...args, ...APPROVED]);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  const nodes = await lab.nodes();
  expect(nodes.map(({ name, ready }) => [name, ready])).toEqual([
    ['cp-1', true],
    ['worker-1', false],
    ['worker-2', true],
    ['worker-3', true],
  ]);
  const joins = nodes.map(({ commands }) => commands.filter(({ line }) => JOIN.test(line)).length);
  expect(joins).toEqual([0, 0, 1, 1]);

  const token = /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/;
  expect(applied.all).toContain('This node has joined the cluster');
  const told = [applied.all, planned.all, everything(state), JSON.stringify(nodes)].join('\n');
  expect(token.exec(told)?.[0]).toBeUndefined();

  const again = await runbook(['apply', ...args, ...APPROVED]);
  expect(again.code, again.all).toBe(0);
  expect((await lab.node('worker-2')).commands.filter(({ line }) => JOIN.test(line))).toHaveLength(1);
});

test('killed while a machine joins, resume follows it and joins it once', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1', '--spare-workers', '1');
  await lab.fault('worker-2', 'kubeadm join', 'slow:5s');
  const state = folder();
  const first = startRunbook(['apply', 'replace-workers.yaml', '-i', lab.inventory, '--state-dir', state, ...APPROVED]);
  for await (const line of first.iterable({ from: 'all' })) {
    if (/worker-2.*join-node: started/.test(line)) first.kill('SIGKILL');
  }
  await first;
  const resumed = await runbook(['resume', '-i', lab.inventory, '--state-dir', state, ...APPROVED]);
  expect(resumed.code, resumed.all).toBe(0);
  const worker = await lab.node('worker-2');
  expect(worker.ready).toBe(true);
  expect(worker.commands.filter(({ line }) => JOIN.test(line))).toHaveLength(1);
});

test('a machine that is rebooted while it joins is cleaned up, and joins by a new attempt', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1', '--spare-workers', '1');
  await lab.fault('worker-2', 'kubeadm join', 'reboot');
  const args = ['replace-workers.yaml', '-i', lab.inventory, '--state-dir', folder()];
  const applied = await runbook(['apply', ...args, ...APPROVED]);
  const ended = applied.code === 0 ? applied : await runbook(['resume', ...args.slice(1), ...APPROVED]);
  expect(ended.code, applied.all + ended.all).toBe(0);
  expect(applied.all + ended.all).toContain('an earlier join was interrupted here');
  const worker = await lab.node('worker-2');
  expect(worker.ready).toBe(true);
  const tries = worker.commands.filter(({ line }) => /^kubeadm (join|reset) /.test(line));
  expect(tries.map(({ line, exit }) => [line.split(' ')[1], exit])).toEqual([
    ['join', expect.not.stringMatching('0')],
    ['reset', 0],
    ['join', 0],
  ]);
});

/** Does something by hand on a machine. */
async function byHand(lab: Lab, node: string, command: string): Promise<void> {
  const dir = folder();
  const file = join(dir, 'by-hand.yaml');
  const step = { name: 'By hand', run: command };
  const phases = [{ name: 'By hand', nodes: node, steps: [step] }];
  writeFileSync(file, JSON.stringify({ apiVersion: 'runbook/v1', kind: 'Runbook', name: 'by-hand', phases }));
  const done = await runbook(['apply', file, '-i', lab.inventory, '--state-dir', dir, '--yes']);
  if (done.code !== 0) throw new Error(done.all);
}

test('a machine of another cluster, and one with a kubeadm of another minor, are refused before anything changed', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1', '--spare-workers', '2');
  const list = '/etc/apt/sources.list.d/kubernetes.list';
  const install = 'apt-get install -y --allow-change-held-packages kubeadm=1.32.9-1.1';
  await byHand(lab, 'worker-2', `sed -i 's/v1.31/v1.32/' ${list} && apt-get update && ${install}`);
  await byHand(lab, 'worker-3', "echo '    server: https://other.example:6443' > /etc/kubernetes/kubelet.conf");
  const args = ['replace-workers.yaml', '-i', lab.inventory, '--state-dir', folder()];
  const refused = await runbook(['apply', ...args, ...APPROVED]);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toContain('worker-2 cannot join: its kubeadm is 1.32.9, the cluster is at 1.31.9');
  expect(refused.all).toContain('worker-3 cannot join: it is part of a cluster already');
  for (const node of await lab.nodes()) expect(node.commands.filter(({ line }) => JOIN.test(line))).toEqual([]);
});
