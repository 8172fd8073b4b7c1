import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { minorNumber } from '../../src/lab/releases.ts';
import { changes, folder, type Lab, labUp, type NodeState, runbook, startRunbook } from './cli.ts';

const FAST = ['--time-scale', '60'];

function started(node: NodeState, pattern: RegExp): string[] {
  return node.commands.filter((command) => pattern.test(command.line)).map((command) => command.line);
}

/** How often a node was drained, from whichever node kubectl ran on. */
function drains(nodes: readonly NodeState[], name: string): number {
  return nodes.flatMap((node) => started(node, new RegExp(`^kubectl.*\\bdrain ${name}\\b`))).length;
}

/**
 * Replays the commands that really ran and looks at the versions after each: the skew policy at every moment, and one
 * node out of service at a time.
 */
function expectSkewHeld(nodes: readonly NodeState[], from: string): void {
  const all = nodes
    .flatMap((node) => node.commands.map((command) => ({ ...command, node })))
    .filter(({ exit }) => exit === 0)
    .toSorted((a, b) => a.at.localeCompare(b.at));
  const start = new Map(nodes.map(({ name }) => [name, from]));
  const [kubeadm, installed, kubelet] = [new Map(start), new Map(start), new Map(start)];
  const servers = new Map(nodes.filter(({ role }) => role === 'control-plane').map(({ name }) => [name, from]));
  const out = new Set<string>();
  for (const { line, node } of all) {
    if (/^apt-get(?!.*--download-only).* install /.test(line)) {
      const of = (name: string) => new RegExp(`\\b${name}=([\\d.]+)-`).exec(line)?.[1];
      kubeadm.set(node.name, of('kubeadm') ?? kubeadm.get(node.name) ?? from);
      installed.set(node.name, of('kubelet') ?? installed.get(node.name) ?? from);
    }
    if (/^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/.test(line) && servers.has(node.name))
      servers.set(node.name, kubeadm.get(node.name) ?? from);
    if (line.startsWith('systemctl restart kubelet')) kubelet.set(node.name, installed.get(node.name) ?? from);
    const [, verb, name = ''] = /^kubectl.*\b(drain|uncordon) (\S+)/.exec(line) ?? [];
    if (verb === 'drain') out.add(name);
    if (verb === 'uncordon') out.delete(name);
    expect(out.size, line).toBeLessThanOrEqual(1);
    const apis = [...servers.values()].map(minorNumber);
    const [low, high] = [Math.min(...apis), Math.max(...apis)];
    expect(high - low, `API servers after ${node.name}: ${line}`).toBeLessThanOrEqual(1);
    for (const version of [...kubelet.values(), ...installed.values()].map(minorNumber)) {
      expect(version, `kubelet not newer after ${node.name}: ${line}`).toBeLessThanOrEqual(low);
      expect(high - version, `kubelet not too old after ${node.name}: ${line}`).toBeLessThanOrEqual(3);
    }
  }
}

async function expectAllAt(lab: Lab, version: string): Promise<NodeState[]> {
  const nodes = await lab.nodes();
  for (const node of nodes) {
    expect(node, node.name).toMatchObject({ ready: true, unschedulable: false, kubeletRunning: version });
    for (const [component, at] of Object.entries(node.staticPods))
      if (component !== 'etcd') expect(at, `${node.name} ${component}`).toBe(version);
  }
  return nodes;
}

test('1.31 to 1.34 on 3 + 3 in one apply, killed in the second hop and resumed: three hops, each worker drained in each', async () => {
  const lab = await labUp('--control-planes', '3', '--workers', '3', ...FAST);
  const state = folder();
  const common = ['upgrade.yaml', '-i', lab.inventory, '--set', 'version=1.34.1', '--state-dir', state];
  const run = startRunbook(['apply', ...common, '--yes', '--output', 'plain']);
  let told = '';
  run.all.on('data', (chunk: Buffer) => {
    told += chunk.toString();
    if (/cp-2 11\.3-kubeadm-upgrade-node.*started/.test(told)) run.kill('SIGKILL');
  });
  await run;
  expect(told).toMatch(/11\.3-kubeadm-upgrade-node/);
  expect((await lab.node('cp-1')).staticPods['kube-apiserver']).toBe('1.33.12');

  const resumed = await runbook(['resume', '--state-dir', state, '--yes', '--output', 'plain']);
  expect(resumed.code, resumed.all.slice(-3000)).toBe(0);
  const nodes = await expectAllAt(lab, '1.34.1');
  expectSkewHeld(nodes, '1.31.9');
  expect(started(nodes[0] ?? expect.fail(), /^kubeadm upgrade apply\b(?!.*--dry-run)/)).toEqual(
    ['1.32.10', '1.33.12', '1.34.1'].map((version) => `kubeadm upgrade apply -y v${version}`),
  );
  for (const { name } of nodes) expect(drains(nodes, name), name).toBe(3);
  for (const node of nodes.slice(1))
    expect(started(node, /^kubeadm upgrade node\b(?!.*--dry-run)/), node.name).toHaveLength(3);

  const again = await runbook(['apply', ...common, '--yes', '--output', 'json']);
  expect(again.code).toBe(0);
  expect(again.stdout).not.toContain('"outcome":"changed"');
  expect((await runbook(['plan', ...common, '--detailed-exitcode'])).code).toBe(0);
}, 600_000);

test('with workers=last a saved plan drains the workers once, at the last hop, and says that this is unproven', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2', ...FAST);
  const file = join(folder(), 'plan.json');
  const sets = ['--set', 'version=1.34.1', '--set', 'workers=last', '--set', 'via=1.33.4,1.32.9'];
  const planned = await runbook(['plan', 'upgrade.yaml', '-i', lab.inventory, ...sets, '-o', file]);
  expect(planned.code, planned.all).toBe(0);
  expect(planned.stdout).toContain('1.31.9 -> 1.32.9 -> 1.33.4 -> 1.34.1');
  expect(planned.stdout.match(/kubeadm\s+does\s+not\s+support\s+it/g)).toHaveLength(1);
  const applied = await runbook(['apply', file, '--yes', '--state-dir', folder()]);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  const nodes = await expectAllAt(lab, '1.34.1');
  expectSkewHeld(nodes, '1.31.9');
  expect(['cp-1', 'worker-1', 'worker-2'].map((name) => drains(nodes, name))).toEqual([3, 1, 1]);
}, 400_000);

test('a hop that was left half done is finished first', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1', ...FAST);
  const common = ['upgrade.yaml', '-i', lab.inventory, '--set', 'version=1.34.1', '--state-dir', folder(), '--yes'];
  await lab.fault('worker-1', 'apt-get(?!.*download).*install.*kubelet=1.33', 'exit:100');
  const failed = await runbook(['apply', ...common, '--set', 'via=1.32.9,1.33.4']);
  expect(failed.code).toBe(1);
  expect(await lab.node('worker-1')).toMatchObject({ kubeletRunning: '1.32.9' });
  const planned = await runbook(['plan', ...common.slice(0, -1)]);
  expect(planned.stdout).toContain(', 1.33.4 -> 1.34.1');
  const applied = await runbook(['apply', ...common, '--new']);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  expectSkewHeld(await expectAllAt(lab, '1.34.1'), '1.31.9');
}, 400_000);

const TOO_EARLY = `apiVersion: runbook/v1
kind: Runbook
name: too-early
inputs: { version: { type: version } }
hops: { to: '\${{ inputs.version }}' }
phases:
  - name: One node at a time, kubelet and all
    nodes: control-plane
    steps:
      - { uses: package-repo, with: { version: '\${{ hop.version }}' } }
      - { uses: install-packages, with: { packages: [kubeadm], version: '\${{ hop.version }}' } }
      - { uses: kubeadm-upgrade-apply, with: { version: '\${{ hop.version }}' } }
      - { uses: drain }
      - { uses: install-packages, with: { packages: [kubelet, kubectl], version: '\${{ hop.version }}' } }
      - { uses: restart-kubelet }
      - { uses: uncordon }
`;

test('a kubelet that may reach an old API server through the load balancer is not moved', async () => {
  const lab = await labUp('--control-planes', '3', '--workers', '0', ...FAST);
  const file = join(folder(), 'too-early.yaml');
  await writeFile(file, TOO_EARLY);
  const args = [file, '-i', lab.inventory, '--set', 'version=1.33.12', '--state-dir', folder()];
  const refused = await runbook(['apply', ...args, '--yes']);
  expect(refused.code, refused.all.slice(-2000)).toBe(3);
  expect(refused.all.replace(/\s+/g, ' ')).toMatch(
    /kubelet of cp-1 would move to 1\.32\.10 while the API server of cp-\d is at 1\.31\.9.*https:\/\/10\.10\.0\.10:6443/,
  );
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);
});

test('a way that cannot be gone is refused before anything is changed', async () => {
  const lab = await labUp('--control-planes', '3', '--workers', '1', ...FAST);
  const plan = (...sets: string[]) =>
    runbook(['plan', 'upgrade.yaml', '-i', lab.inventory, ...sets.flatMap((set) => ['--set', set])]);
  const cases: [string[], number, RegExp][] = [
    [['version=1.34.1', 'via=1.33.4'], 3, /etcd-floor/],
    [['version=1.34.1', 'via=1.32.7'], 3, /no package repository offers 1\.32\.7[\s\S]*1\.32\.10/],
    [['version=1.34.1', 'via=1.30.4'], 3, /1\.30\.4 does not lie between 1\.31\.9 and 1\.34\.1/],
    [['version=1.34.1', 'via=1.32.4,1.32.9'], 2, /both of 1\.32/],
    [['version=1.34.1', 'via=1.35.0'], 2, /does not lie before 1\.34\.1/],
    [['version=1.35.1', 'workers=last'], 3, /skew-kubelet\)/],
  ];
  for (const [sets, code, words] of cases) {
    const planned = await plan(...sets);
    expect(planned.code, planned.all.slice(-2000)).toBe(code);
    expect(planned.all).toMatch(words);
  }
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);
});
