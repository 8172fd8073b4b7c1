import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { revisionOf } from '../../src/lab/etcd-data.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { folder, runbook, startRunbook } from './cli.ts';
import { openLab } from './open-lab.ts';
import { nodeCondition } from '../../src/lab/node-status.ts';

/** A lab with etcd on machines of its own, a backup of it, and a change since. */
async function backedUp(members: number) {
  const { lab, inventory } = await openLab({ controlPlanes: 2, workers: 1, externalEtcd: members, timeScale: 50 });
  const args = ['-i', inventory, '--state-dir', folder(), '--yes'];
  const dest = folder();
  const { code, all } = await runbook(['apply', 'backup.yaml', '--set', `dest=${dest}`, ...args]);
  expect(code, all).toBe(0);
  expect(all).toContain('taken through /usr/local/bin/etcdctl from https://10.10.0.31:2379');
  const { store } = lab.world.cluster;
  store.namespaces.splice(store.namespaces.indexOf('demo'), 1);
  const snapshot = join(dest, readdirSync(dest).find((name) => name.endsWith('.db')) ?? 'none');
  const restore = ['--set', `snapshot=${snapshot}`, ...args, '--approve', 'approve'];
  return { lab, inventory, args, restore };
}

function ran(lab: Lab, what: RegExp): string[] {
  return lab.world.machines.flatMap(({ name, audit }) =>
    audit.entries.flatMap(({ line }) => (what.test(line) ? [`${name}: ${line}`] : [])),
  );
}

/** Without the line breaks of the screen. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

/** The same inventory without some of its nodes. */
function without(inventory: string, names: RegExp): string {
  const kept = z
    .looseObject({ nodes: z.array(z.looseObject({ name: z.string() })) })
    .parse(parse(readFileSync(inventory, 'utf8')));
  const file = join(folder(), 'inventory.yaml');
  writeFileSync(file, stringify({ ...kept, nodes: kept.nodes.filter(({ name }) => !names.test(name)) }));
  return file;
}

test.each([1, 3])(
  'etcd under systemd goes back to a snapshot on %d machines of its own: their units and files tell how',
  async (members) => {
    const { lab, restore } = await backedUp(members);
    const { cluster, machines } = lab.world;
    const before = revisionOf(cluster);
    const { code, all } = await runbook(['apply', 'etcd-restore-external.yaml', ...restore]);
    expect(code, all.slice(-4000)).toBe(0);
    expect(cluster.store.namespaces).toContain('demo');
    expect(revisionOf(cluster)).toBeGreaterThan(before + 900_000_000);
    expect(ran(lab, /snapshot restore \//)).toHaveLength(members);
    expect(ran(lab, /systemctl stop etcd/)).toHaveLength(members);
    expect(ran(lab, /systemctl start .*etcd/)).toHaveLength(members);
    for (const machine of machines) {
      const isEtcd = machine.role === 'other';
      expect(machine.etcd.unit?.active, machine.name).toBe(isEtcd ? true : undefined);
      expect([...machine.staticPods.keys()].includes('kube-apiserver'), machine.name).toBe(machine.isControlPlane);
      const old = machine.fs.getAllPaths().filter((path) => /^\/var\/lib\/etcd\.before-.*\/member$/.test(path));
      expect(old, machine.name).toHaveLength(isEtcd ? 1 : 0);
    }
    for (const { name } of cluster.nodes.values()) {
      const machine = cluster.machineOf(name);
      expect(machine && nodeCondition(cluster, machine).status, name).toBe('True');
    }
  },
);

test('an external etcd whose machines are not all in the inventory, or not in the runbook, is refused before anything stops', async () => {
  const { lab, inventory, restore } = await backedUp(3);
  const given = restore.map((word) => (word === inventory ? without(inventory, /^etcd-/) : word));
  const nobody = await runbook(['apply', 'etcd-restore-external.yaml', ...given]);
  expect(nobody.code, nobody.all).toBe(3);
  expect(flat(nobody.all)).toContain('none of the nodes of this run has a member of etcd (cp-1, cp-2, worker-1)');
  expect(flat(nobody.all)).toContain('put its machines into the inventory (role: other)');

  const some = await runbook([
    'apply',
    'etcd-restore-external.yaml',
    ...restore.map((word) => (word === inventory ? without(inventory, /^etcd-3$/) : word)),
  ]);
  expect(some.code, some.all).toBe(3);
  expect(flat(some.all)).toContain('etcd-3 at https://10.10.0.33:2380');

  const stacked = await runbook(['apply', 'etcd-restore.yaml', ...restore]);
  expect(stacked.code, stacked.all).toBe(3);
  expect(flat(stacked.all)).toContain('take etcd-restore-external.yaml');
  expect(ran(lab, /systemctl stop|snapshot restore \//)).toEqual([]);
  for (const machine of lab.world.machines.filter((one) => one.isControlPlane))
    expect([...machine.staticPods.keys()]).toContain('kube-apiserver');
});

test('a member under systemd that somebody has started between the stop and its restore is refused by name', async () => {
  const { lab, restore } = await backedUp(3);
  const text = readFileSync(new URL('../../runbooks/etcd-restore-external.yaml', import.meta.url), 'utf8');
  const [head = '', ...rest] = text.split('  - name: Restore\n');
  const stranger = '  - name: Somebody else\n    nodes: etcd-2\n    steps: [{ run: systemctl start etcd }]\n';
  const file = join(folder(), 'restore.yaml');
  writeFileSync(file, [head + stranger, ...rest].join('  - name: Restore\n'));
  const { code, all } = await runbook(['apply', file, ...restore]);
  expect(code, all).toBe(3);
  expect(all).toMatch(/etcd runs on etcd-2 \(its data are in \/var\/lib\/etcd\)/);
  expect(flat(all)).toContain('`systemctl stop etcd` there, then `runbook resume`');
  expect(ran(lab, /snapshot restore \//)).toEqual([]);
});

test('an upgrade goes by an external etcd: preflight finds nothing, kubeadm leaves it alone, its machines stay as they are', async () => {
  const { lab, inventory } = await openLab({ controlPlanes: 2, workers: 2, externalEtcd: 3, timeScale: 50 });
  const ready = await runbook(['preflight', '-i', inventory]);
  expect(ready.code, ready.all).toBe(0);
  expect(ready.all).toMatch(/0 refusals, 0 warnings/);
  const { code, all } = await runbook([
    'apply',
    'upgrade.yaml',
    '-i',
    inventory,
    '--state-dir',
    folder(),
    '--yes',
    '--set',
    'version=1.32.9',
  ]);
  expect(code, all.slice(-4000)).toBe(0);
  for (const machine of lab.world.machines) {
    if (machine.role === 'other')
      expect(
        machine.audit.entries.filter(({ line }) => /kubeadm upgrade|apt-get|systemctl (re)?st/.test(line)),
      ).toEqual([]);
    else expect(machine.kubelet.version, machine.name).toBe('1.32.9');
    const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
    if (machine.isControlPlane)
      expect(await machine.fs.readFile(manifest)).toContain(
        '--etcd-servers=https://10.10.0.31:2379,https://10.10.0.32:2379',
      );
  }
});

test('a backup is taken through a member that lives, where another one is dead', async () => {
  const { lab, inventory } = await openLab({ controlPlanes: 1, workers: 0, externalEtcd: 3, timeScale: 50 });
  const first = lab.world.machines.find(({ name }) => name === 'etcd-1');
  if (!first) throw new Error('no etcd-1');
  first.etcd.dead = true;
  const backup = [
    'apply',
    'backup.yaml',
    '--set',
    `dest=${folder()}`,
    '-i',
    inventory,
    '--state-dir',
    folder(),
    '--yes',
  ];
  const { code, all } = await runbook(backup);
  expect(code, all).toBe(0);
  expect(all).toContain('from https://10.10.0.32:2379');
});

test.each(['systemctl stop etcd', 'snapshot restore /', 'systemctl start'])(
  'a controller that is killed during `%s` is followed by one that ends the restore, each command having run once',
  async (words) => {
    const { lab, args, restore } = await backedUp(3);
    const what = new RegExp(words);
    for (const { name, role } of lab.nodes)
      if (role === 'other') lab.addFault(name, { on: what, effect: { kind: 'slow', ms: 3000 }, times: 1 });
    const running = startRunbook(['apply', 'etcd-restore-external.yaml', ...restore]);
    await expect.poll(() => ran(lab, what), { interval: 20 }).toHaveLength(3);
    running.kill('SIGKILL');
    await running;
    const resumed = await runbook(['resume', ...args, '--approve', 'approve']);
    expect(resumed.code, resumed.all.slice(-4000)).toBe(0);
    expect(lab.world.cluster.store.namespaces).toContain('demo');
    for (const once of [/systemctl stop etcd/, /snapshot restore \//, /systemctl start .*etcd/])
      expect(ran(lab, once), String(once)).toHaveLength(3);
  },
);
