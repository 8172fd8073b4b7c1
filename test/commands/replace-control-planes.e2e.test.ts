import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, labUp, runbook, startRunbook, type Lab } from './cli.ts';

const APPROVED = ['--yes', '--approve', 'the-old-control-planes-go'];
const MEMBERS = /^(kubeadm (join|reset)|etcdctl .*member remove|kubectl .* delete node)/;

/** The lab's inventory with other old control planes. */
function leaving(lab: Lab, names: readonly string[]): void {
  const text = readFileSync(lab.inventory, 'utf8').replace(/ {2}old-control-planes:\n( {4}- .*\n)*/, '');
  writeFileSync(lab.inventory, `${text}  old-control-planes: [${names.join(', ')}]\n`);
}

/** What changed who belongs to the cluster, by node. */
async function changes(lab: Lab): Promise<string[]> {
  const all = (await lab.nodes()).flatMap(({ name, commands }) => commands.map((command) => ({ name, ...command })));
  return all
    .filter(({ line }) => MEMBERS.test(line))
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .map(({ name, line, exit }) => `${name}: ${/join|reset|member remove|delete node/.exec(line)?.[0]} ${exit}`);
}

/** Every file below a folder, in one text. */
function everything(path: string): string {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8')).join('\n');
}

/** A node's port where nothing listens. */
function switchOff(lab: Lab, node: string): void {
  const text = readFileSync(lab.inventory, 'utf8');
  const port = new RegExp(`(name: ${node}\\n(?:.*\\n){3} *port: )\\d+`);
  writeFileSync(
    lab.inventory,
    text.replace(port, (_, before: string) => `${before}9`),
  );
}

test('replace-control-planes asks a person, joins the new one, and takes the first one out, its member of etcd first', async () => {
  const lab = await labUp('--control-planes', '3', '--spare-control-planes', '1', '--workers', '1');
  leaving(lab, ['cp-1']);
  const state = folder();
  const args = ['replace-control-planes.yaml', '-i', lab.inventory, '--state-dir', state];
  const asked = await runbook(['apply', ...args, '--yes']);
  expect(asked.code, asked.all).toBe(2);
  expect(asked.all).toContain('--approve the-old-control-planes-go');

  const applied = await runbook(['apply', ...args, ...APPROVED]);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  expect(await changes(lab)).toEqual(['cp-4: join 0', 'cp-1: member remove 0', 'cp-1: reset 0', 'cp-1: delete node 0']);
  const nodes = await lab.nodes();
  expect(nodes.map(({ name, ready, staticPods }) => [name, ready, 'etcd' in staticPods])).toEqual([
    ['cp-1', false, false],
    ['cp-2', true, true],
    ['cp-3', true, true],
    ['cp-4', true, true],
    ['worker-1', true, false],
  ]);
  const shown = [applied.all, everything(state), JSON.stringify(nodes)].join('\n');
  expect(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/.exec(shown)?.[0]).toBeUndefined();
  expect(shown).not.toMatch(/certificateKey: [0-9a-f]/);

  const again = await runbook(['plan', ...args, '--detailed-exitcode']);
  expect(again.all).not.toMatch(/\bchange \d/);
  expect(again.all).toContain('has no Node object and no member of etcd any more');
});

test('killed while a control plane joins, resume follows it and joins it once, with an external etcd too', async () => {
  const lab = await labUp('--control-planes', '2', '--spare-control-planes', '1', '--workers', '0', '--external-etcd');
  leaving(lab, ['cp-1']);
  await lab.fault('cp-3', 'kubeadm join', 'slow:5s');
  const args = ['replace-control-planes.yaml', '-i', lab.inventory, '--state-dir', folder()];
  const first = startRunbook(['apply', ...args, ...APPROVED]);
  for await (const line of first.iterable({ from: 'all' })) {
    if (/cp-3.*join-control-plane: started/.test(line)) first.kill('SIGKILL');
  }
  await first;
  const resumed = await runbook(['resume', ...args.slice(1), ...APPROVED]);
  expect(resumed.code, resumed.all.slice(-3000)).toBe(0);
  expect(await changes(lab)).toEqual(['cp-3: join 0', 'cp-1: reset 0', 'cp-1: delete node 0']);
});

test('a run goes on without a control plane that it removed, from another machine too', async () => {
  const lab = await labUp('--control-planes', '3', '--spare-control-planes', '2', '--workers', '1');
  leaving(lab, ['cp-1', 'cp-2']);
  await lab.fault('cp-3', 'drain cp-2', 'slow:5s');
  const apply = ['apply', 'replace-control-planes.yaml', '-i', lab.inventory, '--state-dir', folder(), ...APPROVED];
  const first = startRunbook(apply);
  for await (const line of first.iterable({ from: 'all' })) {
    if (/cp-2.*drain: started/.test(line)) first.kill('SIGKILL');
  }
  await first;
  switchOff(lab, 'cp-1');
  const resumed = await runbook(['resume', '-i', lab.inventory, '--state-dir', folder(), ...APPROVED]);
  expect(resumed.code, resumed.all.slice(-3000)).toBe(0);
  expect(resumed.all).toContain('the lock is not on cp-1');
  const removed = (await changes(lab)).filter((line) => /^cp-[12]/.test(line));
  const way = (name: string) => [`${name}: member remove 0`, `${name}: reset 0`, `${name}: delete node 0`];
  expect(removed).toEqual([...way('cp-1'), ...way('cp-2')]);
});

test('a removal is refused where etcd would lose its quorum, for the last control plane, and for what is no control plane', async () => {
  const lab = await labUp('--control-planes', '3', '--workers', '1', '--problems', 'etcd-member-down@cp-3');
  const remove = async (nodes: string, ...more: string[]) => {
    const file = join(folder(), 'remove.yaml');
    const steps = [{ uses: 'drain' }, { uses: 'remove-control-plane' }];
    const document = {
      apiVersion: 'runbook/v1',
      kind: 'Runbook',
      name: 'remove',
      phases: [{ name: 'Go', nodes, serial: 1, steps }],
    };
    writeFileSync(file, JSON.stringify(document));
    return runbook(['plan', file, '-i', lab.inventory, '--state-dir', folder(), ...more]);
  };
  const dead = await remove('cp-1');
  expect(dead.code, dead.all).toBe(3);
  expect(dead.all.replaceAll(/\s+/g, ' ')).toContain('is needed by etcd: of its 2 other members 1 answer, and 2 must');
  const worker = await remove('worker-1');
  expect(worker.code, worker.all).toBe(3);
  expect(worker.all.replaceAll(/\s+/g, ' ')).toContain('worker-1 is no control plane');

  const alone = await labUp('--control-planes', '1', '--workers', '1');
  writeFileSync(lab.inventory, readFileSync(alone.inventory, 'utf8'));
  const last = await remove('cp-1');
  expect(last.code, last.all).toBe(3);
  expect(last.all.replaceAll(/\s+/g, ' ')).toContain('is the last control plane');
  expect(await changes(alone)).toEqual([]);
});
