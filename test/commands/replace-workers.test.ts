import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { folder, labUp, runbook, type Lab, type NodeState } from './cli.ts';

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
  expect(again.all).toContain('worker-1 has no Node object any more');
}, 240_000);

test('replace-workers refuses without its groups, a control plane among the old, a new machine that has not joined, and pods that would be lost', async () => {
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
  const away = await plan({ new: ['worker-1'], old: ['worker-2'] });
  expect(away.code, away.all).toBe(3);
  expect(away.all).toContain('worker-1 (127.0.0.1) is no node of this cluster');
}, 240_000);
