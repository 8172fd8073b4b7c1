import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Lab } from '../../src/lab/lab.ts';
import { folder, runbook, startRunbook } from './cli.ts';
import { openLab } from './open-lab.ts';

/** A backup of a lab with three members, and something that is in no backup. */
async function backedUp() {
  const { lab, inventory } = await openLab({ workers: 0, timeScale: 50 });
  const state = folder();
  const args = ['-i', inventory, '--state-dir', state, '--yes'];
  const dest = folder();
  const { code, all } = await runbook(['apply', 'backup.yaml', '--set', `dest=${dest}`, ...args]);
  expect(code, all).toBe(0);
  const { store } = lab.world.cluster;
  store.namespaces.push('later');
  store.namespaces.splice(store.namespaces.indexOf('demo'), 1);
  const snapshot = join(dest, readdirSync(dest).find((name) => name.endsWith('.db')) ?? 'none');
  return { lab, args, state, restore: ['apply', 'etcd-restore.yaml', '--set', `snapshot=${snapshot}`, ...args] };
}

/** What a phase's script runs last; it is slow, so that a strike hits it while it works. */
const BUSY: Readonly<Record<string, RegExp>> = {
  'etcd-stop': /^never$/,
  'etcd-restore': /snapshot restore (?!--help)/,
  'etcd-start': /endpoint health/,
};

/** Starts the restore; while every member works on the action, `strike`. @returns its exit code */
async function onceAt(lab: Lab, command: readonly string[], action: string, strike: (kill: () => void) => void) {
  const busy = BUSY[action] ?? /^never$/;
  for (const { name } of lab.nodes) lab.addFault(name, { on: busy, effect: { kind: 'slow', ms: 4000 }, times: 1 });
  const running = startRunbook([...command, '--approve', 'approve', '--output', 'json']);
  const nodes = new Set<string>();
  for await (const line of running.iterable({ from: 'stdout' })) {
    const event = z
      .object({ type: z.string(), step: z.string().optional(), node: z.string().optional() })
      .parse(JSON.parse(line));
    if (event.type !== 'step-started' || !event.step?.endsWith(action) || nodes.size === 3) continue;
    nodes.add(event.node ?? '');
    if (nodes.size < 3) continue;
    if (action !== 'etcd-stop') await expect.poll(() => working(lab, busy), { interval: 20 }).toBe(3);
    strike(() => running.kill('SIGKILL'));
  }
  expect(nodes.size, `${action} was never reached`).toBe(3);
  return (await running).exitCode;
}

/** On how many machines such a command runs now. */
function working(lab: Lab, what: RegExp): number {
  return lab.world.machines.filter(({ audit }) =>
    audit.entries.some(({ line, exit }) => exit === null && what.test(line)),
  ).length;
}

/** How many attempts of an action the journals know on a node. */
function attempts(state: string, action: string, node: string): number {
  const runs = join(state, 'runs');
  const lines = readdirSync(runs).flatMap((run) => readFileSync(join(runs, run, 'journal.jsonl'), 'utf8').split('\n'));
  const began = lines.filter((line) => line.includes('"attempt-started"') && line.includes(`"${node}"`));
  return began.filter((line) => line.includes(`-${action}"`)).length;
}

/** The snapshot's state is back, and what must happen once did so on every member. */
async function expectRestoredOnce(lab: Lab, state: string): Promise<void> {
  expect(lab.world.cluster.store.namespaces).toContain('demo');
  expect(lab.world.cluster.store.namespaces).not.toContain('later');
  for (const action of ['etcd-stop', 'etcd-restore', 'etcd-start'])
    for (const { name } of lab.nodes) expect(attempts(state, action, name), `${action} on ${name}`).toBe(1);
  for (const machine of lab.world.machines) {
    const ran = (words: string) =>
      machine.audit.entries.filter(({ line }) => line.includes(words) && !line.includes('--help')).length;
    expect(ran('snapshot restore'), machine.name).toBe(1);
    expect(ran('systemctl restart kubelet'), machine.name).toBe(1);
    expect([...machine.staticPods.keys()].toSorted(), machine.name).toEqual([
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
    ]);
    const [state = ''] = machine.fs.getAllPaths().filter((path) => /runbook-etcd\/.*restore.*\/state$/.test(path));
    expect((await machine.fs.readFile(state)).trim().split('\n'), machine.name).toEqual([
      'prepared',
      'stopped',
      'placing',
      'restored',
      'started',
    ]);
  }
}

test.each(['etcd-stop', 'etcd-restore', 'etcd-start'])(
  'a controller that is killed in %s is followed by one that ends the restore, and nothing is done twice',
  async (action) => {
    const { lab, args, state, restore } = await backedUp();
    await onceAt(lab, restore, action, (kill) => kill());
    const resumed = await runbook(['resume', ...args, '--approve', 'approve']);
    expect(resumed.code, resumed.all.slice(-4000)).toBe(0);
    await expectRestoredOnce(lab, state);
  },
);

test.each(['etcd-stop', 'etcd-restore', 'etcd-start'])(
  'connections that drop in %s cost nothing but time',
  async (action) => {
    const { lab, args, state, restore } = await backedUp();
    const code = await onceAt(lab, restore, action, () => {
      for (const machine of lab.world.machines) machine.dropConnections();
    });
    if (code !== 0) {
      const resumed = await runbook(['resume', ...args, '--approve', 'approve']);
      expect(resumed.code, resumed.all.slice(-4000)).toBe(0);
    }
    await expectRestoredOnce(lab, state);
  },
);
