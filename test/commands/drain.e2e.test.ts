import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { folder, type Lab, labUp, type NodeState, runbook, startRunbook } from './cli.ts';

const HELD = /held: PodDisruptionBudget demo\/late .*demo\/late-/;
const event = z.looseObject({ type: z.string(), at: z.string() });

function maintenance(lab: Lab, state: string, nodes: string, ...inputs: string[]): string[] {
  const settings = inputs.flatMap((input) => ['--set', input]);
  const where = ['-i', lab.inventory, '--state-dir', state, '--limit', nodes, '--yes'];
  return ['apply', 'os-maintenance.yaml', ...where, ...settings];
}

/** What an operator would do by hand on a control plane. */
async function kubectl(lab: Lab, words: string): Promise<void> {
  const inventory = z
    .object({ nodes: z.array(z.object({ name: z.string(), ssh: z.object({ port: z.number() }) })) })
    .parse(parse(readFileSync(lab.inventory, 'utf8')));
  const port = inventory.nodes.find((node) => node.name === 'cp-1')?.ssh.port ?? 0;
  const client = new ssh2.Client();
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject).on('ready', () => {
      client.exec(`sudo kubectl --kubeconfig /etc/kubernetes/admin.conf ${words}`, (error, channel) => {
        if (error) return reject(error);
        channel.resume().stderr.resume();
        channel.on('exit', (code: number | null) => {
          client.end();
          if (code === 0) resolve();
          else reject(new Error(`kubectl ${words} exited with ${code}`));
        });
      });
    });
    const privateKey = readFileSync(join(lab.dir, 'id_ed25519'));
    client.connect({ host: '127.0.0.1', port, username: 'ops', privateKey, hostVerifier: () => true });
  });
}

const looseBudget = (lab: Lab) => kubectl(lab, '-n demo delete pdb late');

async function drains(lab: Lab): Promise<string[]> {
  const lines = (await lab.nodes()).flatMap((node) => node.commands.map(({ line }) => line));
  return lines.filter((line) => / drain /.test(line));
}

function reboots(node: NodeState): number {
  return node.commands.filter(({ line }) => line.endsWith('reboot')).length;
}

/** Runs until the budget is named, then `then`, and on to the end. */
async function onceHeld(args: string[], then: (end: () => void) => Promise<void>) {
  const running = startRunbook(args);
  let seen = false;
  for await (const line of running.iterable({ from: 'all' })) {
    if (seen || !HELD.test(line)) continue;
    seen = true;
    await then(() => running.kill('SIGKILL'));
  }
  const result = await running;
  expect(seen, result.all).toBe(true);
  return result;
}

test('a budget that begins to block in mid-drain is named with its pod within 10 s, and the time limit holds', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2', '--workloads', 'late-pdb');
  const args = maintenance(lab, folder(), 'worker-1', 'drainTimeout=60s');
  const planned = await runbook(['plan', ...args.slice(1).filter((arg) => arg !== '--yes')]);
  expect(planned.code, planned.all).toBe(0);
  expect(planned.stdout).toMatch(/forecast: \d pods move; no PodDisruptionBudget in the way/);
  const { code, stdout, all } = await runbook([...args, '--output', 'json']);
  expect(code, all).toBe(1);
  const events = stdout.split('\n').map((line) => event.parse(JSON.parse(line)));
  const at = (matching: RegExp, type: string) => {
    const found = events.find((one) => one.type === type && matching.test(JSON.stringify(one)));
    expect(found, `${type} ${String(matching)}`).toBeDefined();
    return Date.parse(found?.at ?? '');
  };
  const refused = at(/disruption budget/, 'step-output');
  expect(at(HELD, 'step-progress') - refused).toBeLessThan(10_000);
  const failed = events.find((one) => one.type === 'step-finished');
  expect(failed).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/PodDisruptionBudget demo\/late/) });
  expect(Number(failed?.['duration'])).toBeLessThan(30_000);
  const worker = await lab.node('worker-1');
  expect(worker.unschedulable).toBe(false);
  expect(reboots(worker)).toBe(0);
});

test('`wait` goes on trying past the time limit of kubectl, until the budget lets go', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2', '--workloads', 'late-pdb');
  const args = maintenance(lab, folder(), 'worker-1', 'drainTimeout=1s', 'onBlocked=wait');
  const { exitCode, all } = await onceHeld(args, () => looseBudget(lab));
  expect(exitCode, all).toBe(0);
  expect(await lab.node('worker-1')).toMatchObject({ ready: true, unschedulable: false, rebooted: true });
  expect(await drains(lab)).toHaveLength(1);
});

test('`skip-node` gives the node back, waits half a minute for the same budget on the next, ends with 1, and a new apply takes it up', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2', '--workloads', 'late-pdb');
  const state = folder();
  const left = await runbook(maintenance(lab, state, 'all', 'drainTimeout=40s', 'onBlocked=skip-node'));
  expect(left.code, left.all).toBe(1);
  expect(left.all).toMatch(/left out: worker-1: .*PodDisruptionBudget demo\/late/);
  expect(left.all).toContain('worker-1 was left out at 1.1-drain');
  expect(left.all).toMatch(/runbook apply .*os-maintenance.yaml/);
  const limits = (await drains(lab))
    .filter((line) => line.includes('worker-'))
    .map((line) => /--timeout=\d+s/.exec(line)?.[0]);
  expect(limits).toEqual(['--timeout=40s', '--timeout=5s', '--timeout=30s', '--timeout=5s']);
  const [controlPlane, ...workers] = await lab.nodes();
  expect(controlPlane).toMatchObject({ unschedulable: false, rebooted: true });
  for (const worker of workers) expect([worker.unschedulable, reboots(worker)], worker.name).toEqual([false, 0]);
  await looseBudget(lab);
  const again = await runbook(maintenance(lab, state, 'all'));
  expect(again.code, again.all).toBe(0);
  for (const node of await lab.nodes()) expect([node.unschedulable, reboots(node)], node.name).toEqual([false, 1]);
});

test('`force` wants a reason, passes over the budget only after the time limit, and the reason is in plan and journal', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2', '--workloads', 'late-pdb');
  const state = folder();
  const without = await runbook(maintenance(lab, state, 'worker-1', 'onBlocked=force'));
  expect(without.code, without.all).toBe(2);
  expect(without.all).toContain('say why in `reason`');
  const inputs = ['drainTimeout=20s', 'onBlocked=force', "onBlockedReason=it's the owner's word"];
  const args = maintenance(lab, state, 'worker-1', ...inputs);
  const planned = await runbook(['plan', ...args.slice(1).filter((arg) => arg !== '--yes')]);
  expect(planned.stdout.replaceAll(/\s+/g, ' ')).toContain("then bypasses them, because: it's the owner's word");
  expect(planned.stdout).toContain('--disable-eviction');
  const { code, all } = await runbook(args);
  expect(code, all).toBe(0);
  const lines = await drains(lab);
  expect(lines.map((line) => line.includes('--disable-eviction'))).toEqual([false, false, true]);
  const [run = ''] = readdirSync(join(state, 'runs'));
  const journal = readFileSync(join(state, 'runs', run, 'journal.jsonl'), 'utf8');
  expect(journal).toContain("PodDisruptionBudgets were bypassed, because: it's the owner's word");
});

test('killed while a budget holds the drain, resume follows the same drain to its end', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2', '--workloads', 'late-pdb');
  const state = folder();
  const args = maintenance(lab, state, 'worker-1', 'drainTimeout=600s');
  await onceHeld(args, async (end) => end());
  const resume = ['resume', '-i', lab.inventory, '--state-dir', state, '--yes'];
  const resumed = await onceHeld(resume, () => looseBudget(lab));
  expect(resumed.exitCode, resumed.all).toBe(0);
  expect(await drains(lab)).toHaveLength(1);
  expect(await lab.node('worker-1')).toMatchObject({ unschedulable: false, rebooted: true });
});
