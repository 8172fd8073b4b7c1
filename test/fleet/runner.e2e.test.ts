import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { realClock } from '../../src/engine/clock.ts';
import type { ClusterTask } from '../../src/fleet/attempt-command.ts';
import { ClusterRunner } from '../../src/fleet/runner.ts';
import { parsePlan } from '../../src/plan/plan.ts';
import { folder, type Lab, labUp, runbook } from '../commands/cli.ts';
import { eventually } from '../eventually.ts';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: hold
phases:
  - name: Hold
    nodes: all
    steps:
      - { name: Before, run: 'apt-mark hold kubeadm' }
      - { name: Slow, run: 'apt-mark hold kubelet' }
      - { name: After, run: 'apt-mark hold kubectl' }
`;

async function frozen(lab: Lab) {
  const dir = folder();
  const [file, plan] = [join(dir, 'hold.yaml'), join(dir, 'plan.json')];
  writeFileSync(file, RUNBOOK);
  const { code, all } = await runbook([
    'plan',
    file,
    '-i',
    lab.inventory,
    '-o',
    plan,
    '--state-dir',
    join(dir, 'none'),
  ]);
  expect(code, all).toBe(0);
  const parsed = parsePlan(readFileSync(plan, 'utf8'));
  if ('problem' in parsed) throw new Error(parsed.problem);
  const { digest, inventory } = parsed.plan;
  return { plan, cluster: { name: 'eu1', cluster: inventory.cluster, inventory: lab.inventory, plan: digest } };
}

/** One machine: a state folder of its own. */
function machine(of: Pick<ClusterTask, 'plan' | 'cluster'>, elsewhere: boolean) {
  const dir = folder();
  const stateDir = join(dir, 'state');
  const [leave, stop, runs] = [new AbortController(), new AbortController(), new Array<string>()];
  const runner = new ClusterRunner({ program: [process.execPath, CLI], stateDir, clock: realClock, every: 100 });
  const hooks = {
    stop: stop.signal,
    leave: leave.signal,
    onRun: (run: string) => void runs.push(run),
    onWait: () => undefined,
  };
  const task = { ...of, attempt: 1, folder: join(dir, 'out'), elsewhere, approve: [] };
  return { dir, stateDir, leave, runs, end: () => runner.bringToEnd(task, hooks) };
}

/** What ran on the nodes, each command with how often. */
async function held(lab: Lab): Promise<readonly string[]> {
  const nodes = await lab.nodes();
  return nodes.flatMap(({ name, commands }) =>
    commands.filter(({ line }) => line.startsWith('apt-mark hold')).map(({ line }) => `${name}: ${line}`),
  );
}

test('a run that its machine leaves half done is ended by another, which knows only the nodes; a third finds it done', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const of = await frozen(lab);
  await lab.fault('cp-1', 'apt-mark hold kubelet', 'slow:6s');
  const first = machine(of, false);
  const left = first.end();
  await eventually(async () => expect(await held(lab)).toContain('cp-1: apt-mark hold kubelet'));
  const [name = ''] = readdirSync(join(first.stateDir, 'locks'));
  const { pid }: { pid: number } = JSON.parse(readFileSync(join(first.stateDir, 'locks', name), 'utf8'));
  first.leave.abort();
  expect(await left).toMatchObject({ outcome: 'left' });
  process.kill(pid, 'SIGKILL');

  const second = machine(of, true);
  expect(await second.end()).toEqual({ outcome: 'done', reason: '' });
  expect(second.runs).toEqual(first.runs);
  const third = machine(of, true);
  expect(await third.end()).toEqual({ outcome: 'done', reason: '' });
  expect(third.runs).toEqual([]);
  expect(await held(lab)).toEqual(
    ['cp-1', 'worker-1'].flatMap((node) =>
      ['kubeadm', 'kubelet', 'kubectl'].map((tool) => `${node}: apt-mark hold ${tool}`),
    ),
  );
});

test('a cluster that never ran is applied once, also by a machine that asks the nodes first', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '0');
  const of = await frozen(lab);
  const one = machine(of, true);
  expect(await one.end()).toEqual({ outcome: 'done', reason: '' });
  expect(await held(lab)).toHaveLength(3);
});
