import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Lab, LabOptions } from '../../src/lab/lab.ts';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';
import { openLab } from './open-lab.ts';

const RUNBOOK = readFileSync(new URL('../../runbooks/etcd-restore.yaml', import.meta.url), 'utf8');

interface Saved {
  readonly lab: Lab;
  readonly snapshot: string;
  readonly args: readonly string[];
}

/** A lab, and a snapshot of it that its own backup.yaml has taken. */
async function saved(options: LabOptions): Promise<Saved> {
  const { lab, inventory } = await openLab({ workers: 0, timeScale: 50, ...options });
  const args = ['-i', inventory, '--state-dir', folder(), '--yes'];
  const dest = folder();
  const { code, all } = await runbook(['apply', 'backup.yaml', '--set', `dest=${dest}`, ...args]);
  expect(code, all.slice(-3000)).toBe(0);
  const name = readdirSync(dest).find((one) => one.endsWith('.db')) ?? 'none';
  return { lab, snapshot: join(dest, name), args };
}

function restore({ snapshot, args }: Saved, file = 'etcd-restore.yaml') {
  return runbook(['apply', file, '--set', `snapshot=${snapshot}`, ...args, '--approve', 'approve']);
}

/** The runbook with a step of somebody's own before a phase. */
function withStrangerBefore(phase: string, nodes: string, line: string): string {
  const stranger = `  - name: Somebody else\n    nodes: ${nodes}\n    steps:\n      - run: ${JSON.stringify(line)}\n`;
  const file = join(folder(), 'restore.yaml');
  const parts = RUNBOOK.split(`  - name: ${phase}\n`);
  expect(parts).toHaveLength(2);
  writeFileSync(file, parts.join(`${stranger}  - name: ${phase}\n`));
  return file;
}

function changeMetadata(snapshot: string, change: (text: string) => string): void {
  const before = readFileSync(`${snapshot}.json`, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(`${snapshot}.json`, after);
}

/** Nothing was stopped, nothing was restored, and no snapshot was sent. */
async function expectUntouched(lab: Lab): Promise<void> {
  for (const machine of lab.world.machines) {
    expect([...machine.staticPods.keys()], machine.name).toContain('etcd');
    expect(await machine.fs.exists('/etc/kubernetes/manifests/kube-apiserver.yaml'), machine.name).toBe(true);
    expect(await machine.fs.exists('/var/lib/etcd/member'), machine.name).toBe(true);
    expect(machine.fs.getAllPaths().filter((path) => path.endsWith('/snapshot.db'))).toEqual([]);
    expect(restores(lab)).toEqual([]);
  }
}

function restores(lab: Lab): string[] {
  return lab.world.machines.flatMap((machine) =>
    machine.audit.entries.flatMap(({ line }) =>
      line.includes('snapshot restore') && !line.includes('--help') ? [machine.name] : [],
    ),
  );
}

/** bbolt's pages of another content, sealed anew or not; FILE.json tells of its checksum as if nothing had happened. */
function damage(snapshot: string, seal: boolean): void {
  const bytes = readFileSync(snapshot);
  const content = Buffer.from(bytes.subarray(0, -32));
  const place = content.indexOf('kube-node-lease');
  expect(place).toBeGreaterThan(0);
  content.write('kube-mode', place);
  const last = seal ? createHash('sha256').update(content).digest() : bytes.subarray(-32);
  const damaged = Buffer.concat([content, last]);
  writeFileSync(snapshot, damaged);
  const sum = createHash('sha256').update(damaged).digest('hex');
  changeMetadata(snapshot, (text) => text.replace(/"sha256":"[0-9a-f]+"/, `"sha256":"${sum}"`));
}

test('a snapshot whose sha256 is not that of its FILE.json is refused, with both told, before anything is touched', async () => {
  const all = await saved({ controlPlanes: 1 });
  writeFileSync(all.snapshot, 'x', { flag: 'a' });
  const refused = await restore(all);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toMatch(/the sha256 of \S+\.db is [0-9a-f]{64}, but \S+\.db\.json says [0-9a-f]{64}/);
  expect(refused.all).toContain('take another copy of both');
  await expectUntouched(all.lab);
});

test('damaged bytes are refused although FILE.json fits them: the snapshot ends with a hash of its own', async () => {
  const all = await saved({ controlPlanes: 1 });
  damage(all.snapshot, false);
  const refused = await restore(all);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toContain('does not end with the sha256 of its content');
  await expectUntouched(all.lab);
});

test("other keys than were saved are found by etcd's own hash, even where every checksum was made to fit; nothing is stopped", async () => {
  const all = await saved({ controlPlanes: 1 });
  damage(all.snapshot, true);
  const refused = await restore(all);
  expect(refused.code, refused.all).toBe(1);
  expect(refused.all).toMatch(/the hash of its keys is \d+, but it was \d+ when the snapshot was taken/);
  expect([...(all.lab.world.machines[0]?.staticPods.keys() ?? [])]).toContain('etcd');
  expect(restores(all.lab)).toEqual([]);
});

test("another cluster's snapshot is refused by its members, and by its authority where they have the same names", async () => {
  const other = await saved({ controlPlanes: 1 });
  const here = await saved({ controlPlanes: 3 });
  const refused = await restore({ ...here, snapshot: other.snapshot });
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toMatch(/is of a cluster with the etcd members cp-1 at \S+ \(id [0-9a-f]+\), here are cp-1 at/);
  await expectUntouched(here.lab);

  changeMetadata(here.snapshot, (text) => text.replace(/"ca":"[0-9a-f]{64}"/, `"ca":"${'0'.repeat(64)}"`));
  const renamed = await restore(here);
  expect(renamed.code, renamed.all).toBe(3);
  expect(renamed.all).toContain('with another certificate authority');
  await expectUntouched(here.lab);
});

test('a member that somebody has started after the stop is named, and no member is restored', async () => {
  const all = await saved({ controlPlanes: 3 });
  const line = `mv /etc/kubernetes/runbook-restore-*/etcd.yaml /etc/kubernetes/manifests/; until pidof etcd; do sleep 1; done`;
  const file = withStrangerBefore('Restore', 'control-plane[1]', line);
  // One after another, so that the first one knows of the second only what it has looked at itself.
  const oneByOne = readFileSync(file, 'utf8').replace(/(name: Restore\n.*\n +serial:) 100%/, '$1 1');
  expect(oneByOne).toContain('serial: 1\n');
  writeFileSync(file, oneByOne);
  const refused = await restore(all, file);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toMatch(/etcd runs on cp-2 \(its data are in \/var\/lib\/etcd\)/);
  expect(refused.all).toContain('then `runbook resume`');
  expect(restores(all.lab)).toEqual([]);

  const second = all.lab.world.machines[1];
  const aside = second?.fs.getAllPaths().find((path) => /runbook-restore-[^/]*$/.test(path)) ?? '';
  await second?.fs.mv('/etc/kubernetes/manifests/etcd.yaml', `${aside}/etcd.yaml`);
  await expect.poll(() => second?.staticPods.has('etcd')).toBe(false);
  const resumed = await runbook(['resume', ...all.args.filter((arg) => arg !== '--new'), '--approve', 'approve']);
  expect(resumed.code, resumed.all.slice(-3000)).toBe(0);
  expect(restores(all.lab).toSorted()).toEqual(['cp-1', 'cp-2', 'cp-3']);
});

test('data that would be overwritten are refused before the restore of that member, and named', async () => {
  const all = await saved({ controlPlanes: 1 });
  const line = `d=$(ls -d /etc/kubernetes/runbook-restore-*); mkdir -p /var/lib/etcd.before-\${d#*runbook-restore-}/member`;
  const refused = await restore(all, withStrangerBefore('Restore', 'control-plane[0]', line));
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toMatch(
    /\/var\/lib\/etcd holds data .* already in \/var\/lib\/etcd\.before-\S+: one of them would be/,
  );
  expect(restores(all.lab)).toEqual([]);
  expect(await all.lab.world.machines[0]?.fs.exists('/var/lib/etcd/member/snap/db')).toBe(true);
});

test('a restore that was cut off right after its data were in place is seen as done, and not made twice', async () => {
  const all = await saved({ controlPlanes: 1 });
  const line = `sed -i /restored/d /var/lib/runbook-etcd/*restore*/state; grep placing /var/lib/runbook-etcd/*restore*/state`;
  const again = 'Start\n    nodes: control-plane\n    steps:\n      - uses: etcd-restore\n  - name: Start';
  const file = withStrangerBefore('Start', 'control-plane[0]', line);
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: Start', `name: Again, ${again}`));
  const done = await restore(all, file);
  expect(done.code, done.all.slice(-3000)).toBe(0);
  expect(done.all).toContain('its data were put in place before');
  expect(restores(all.lab)).toEqual(['cp-1']);
});
