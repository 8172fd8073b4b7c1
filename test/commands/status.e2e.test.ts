import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { logLineSchema } from '../../src/render/log-line.ts';
import { runRowSchema } from '../../src/render/run-row.ts';
import { statusSchema } from '../../src/render/status-data.ts';
import { widthOf } from '../../src/render/width.ts';
import { folder, type Lab, labUp, runbook, startRunbook } from './cli.ts';
import { eventually } from '../eventually.ts';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: out
phases:
  - name: Out
    nodes: workers
    steps:
      - { name: Look, run: echo looked }
      - uses: cordon
      - name: Wait
        if: node.name == 'worker-1'
        run: sleep 6000
        timeout: 20s
        onTimeout: leave
      - uses: uncordon
  - { name: Never, nodes: workers, if: 'false', steps: [{ run: 'true' }] }
`;

/** `status` as a terminal of 80 columns shows it, without what differs from run to run. */
async function screen(dir: string, ...args: string[]): Promise<string> {
  const line = ['node', CLI, 'status', '--state-dir', 'state', ...args].join(' ');
  const env = { NO_COLOR: '1', TERM: 'xterm', LANG: 'C.UTF-8' };
  const { stdout } = await execa('script', ['-qefc', `stty cols 80; ${line}`, '/dev/null'], { cwd: dir, env });
  const lines = stdout.replaceAll('\r', '').split('\n');
  for (const one of lines) expect(widthOf(one), one).toBeLessThanOrEqual(80);
  return unfolded(lines)
    .replaceAll(/\d{8}-\d{6}-out-[0-9a-f]{4}/g, 'RUN')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME')
    .replaceAll(/\S+ reported it done/g, 'USER reported it done')
    .replaceAll(/process \d+ of \S+ on \S+, lock [0-9a-f]{8}/g, 'process PID of USER on HOST, lock LOCK');
}

/** The lines of the first paragraph whole: where they break depends on the names of machine and user. */
function unfolded(lines: readonly string[]): string {
  const [about = '', ...rest] = lines.join('\n').split('\n\n');
  return [about.replaceAll('\n  ', ' '), ...rest].join('\n\n');
}

async function cordonedIn(lab: Lab): Promise<string[]> {
  return (await lab.nodes()).filter(({ unschedulable }) => unschedulable).map(({ name }) => name);
}

test('status shows a run as it is: at work, killed, of unknown outcome, answered by hand, done', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2');
  const dir = folder();
  const state = ['--state-dir', join(dir, 'state')];
  const file = join(dir, 'out.yaml');
  writeFileSync(file, RUNBOOK);
  const status = async (...args: string[]) =>
    statusSchema.parse(JSON.parse((await runbook(['status', ...state, '--output', 'json', ...args])).stdout));

  const applying = startRunbook(['apply', file, '-i', lab.inventory, ...state, '--yes']);
  const working = await eventually(async () => {
    const now = await status();
    expect(now.steps[2]?.outcome).toBe('running');
    expect(now.cordoned).toEqual(['worker-1']);
    return now;
  }, 300);
  expect(working).toMatchObject({ state: 'running', next: [], lock: { pid: applying.pid, life: 'alive' } });
  expect(await screen(dir)).toMatchInlineSnapshot(`
    "out on lab: running
    run RUN, started TIME
    runs in process PID of USER on HOST, lock LOCK, since TIME

    Versions  as read at TIME
      cp-1      kubelet 1.31.9
      worker-1  kubelet 1.31.9  cordoned
      worker-2  kubelet 1.31.9

    Phase 1/2 Out
      1.1-look 1.2-cordon 1.3-wait 1.4-uncordon
      worker-1  ✔ ✔ ▶ ·  1.3-wait running
      worker-2  · · · ·

    Phase 2/2 Never  skipped: if: false is false

    8 steps on 3 nodes: 2 changed, 1 running, 5 pending
    ✔ changed  = unchanged  ○ skipped  ✖ failed  ? unknown  ▶ running  · pending"
  `);
  expect(working.cordoned).toEqual(await cordonedIn(lab));

  applying.kill('SIGKILL');
  await applying;
  const dead = await status();
  expect(dead).toMatchObject({
    state: 'died',
    lock: { life: 'gone' },
    leftRunning: [{ host: 'worker-1', node: 'worker-1', step: '1.3-wait' }],
    next: [`runbook resume ${dead.run} --state-dir ${join(dir, 'state')}`],
  });
  expect(await screen(dir)).toMatchInlineSnapshot(`
    "out on lab: died
    run RUN, started TIME
    died after TIME, its last record; its process PID of USER on HOST, lock LOCK, since TIME, is gone
    left running on worker-1: worker-1/1.3-wait (it may have ended since; resume takes its result)

    Versions  as read at TIME
      cp-1      kubelet 1.31.9
      worker-1  kubelet 1.31.9  cordoned
      worker-2  kubelet 1.31.9

    Phase 1/2 Out
      1.1-look 1.2-cordon 1.3-wait 1.4-uncordon
      worker-1  ✔ ✔ ▶ ·  1.3-wait left running on worker-1
      worker-2  · · · ·

    Phase 2/2 Never  skipped: if: false is false

    8 steps on 3 nodes: 2 changed, 1 left running, 5 pending
    ✔ changed  = unchanged  ○ skipped  ✖ failed  ? unknown  ▶ running  · pending

    next:
      runbook resume RUN --state-dir state"
  `);

  const live = await status('--live');
  expect(live.about.join('\n')).toContain('runs on worker-1: 1.3-wait');
  expect(live.about.join('\n')).toMatch(/lock \w+ on cp-1: run \S+ .*; its process is gone/);
  expect(live.cordoned).toEqual(await cordonedIn(lab));
  for (const { name, packages } of await lab.nodes())
    expect(live.versions[name]).toContain(`kubeadm ${packages['kubeadm']?.replace(/-.*/, '')}`);

  // The program from before is gone; the time limit of its step ends the next one.
  const failed = await runbook(['resume', ...state, '--yes']);
  expect(failed.code, failed.all).toBe(1);
  expect(failed.all).toContain('stays cordoned: worker-1');
  expect(failed.all).toContain('left running on worker-1: 1.3-wait');
  expect(await screen(dir)).toMatchInlineSnapshot(`
    "out on lab: unknown
    run RUN, started TIME
    stopped at TIME: still running after its time limit of 20 s; left running, \`runbook resume\` takes it up again
    left running on worker-1: worker-1/1.3-wait (it may have ended since; resume takes its result)

    Versions  as read at TIME
      cp-1      kubelet 1.31.9
      worker-1  kubelet 1.31.9  cordoned
      worker-2  kubelet 1.31.9

    Phase 1/2 Out
      1.1-look 1.2-cordon 1.3-wait 1.4-uncordon
      worker-1  ✔ ✔ ? ·  1.3-wait unknown: still running after its time limit of 20
        s; left running, \`runbook resume\` takes it up again
      worker-2  · · · ·

    Phase 2/2 Never  skipped: if: false is false

    8 steps on 3 nodes: 2 changed, 1 unknown, 5 pending
    ✔ changed  = unchanged  ○ skipped  ✖ failed  ? unknown  ▶ running  · pending

    next:
      runbook resume RUN --state-dir state"
  `);
  expect((await status()).cordoned).toEqual(await cordonedIn(lab));

  const treated = await runbook(['resume', ...state, '--yes', '--treat', 'worker-1/1.3-wait=done']);
  expect(treated.code, treated.all).toBe(0);
  expect(treated.all).toMatch(/resumed 2 times, began .*: \d+ changed, \d+ skipped\n.*changed on: worker-1, worker-2$/);
  expect(await screen(dir)).toMatchInlineSnapshot(`
    "out on lab: done
    run RUN, started TIME
    answered with --treat: worker-1/1.3-wait: USER reported it done

    Versions  as read at TIME
      cp-1      kubelet 1.31.9
      worker-1  kubelet 1.31.9
      worker-2  kubelet 1.31.9

    Phase 1/2 Out
      1.1-look 1.2-cordon 1.3-wait 1.4-uncordon
      worker-1  ✔ ✔ ✔ ✔
      worker-2  ✔ ✔ ○ ✔

    Phase 2/2 Never  skipped: if: false is false

    8 steps on 3 nodes: 7 changed, 1 skipped
    ✔ changed  = unchanged  ○ skipped  ✖ failed  ? unknown  ▶ running  · pending"
  `);
  const done = await status();
  expect(done.cordoned).toEqual(await cordonedIn(lab));
  for (const { name, kubeletRunning } of await lab.nodes())
    expect(done.versions[name]).toBe(`kubelet ${kubeletRunning}`);

  const rows = (await runbook(['runs', ...state, '--output', 'json'])).stdout.split('\n');
  expect(rows.map((row) => runRowSchema.parse(JSON.parse(row)))).toMatchObject([
    { run: dead.run, state: 'done', done: 8 },
  ]);
  // Without an id: the latest run, and of it one node.
  expect((await runbook(['logs', ...state, 'worker-1', '1.1'])).stdout).toBe('looked');
  const logs = (await runbook(['logs', ...state, '--output', 'json'])).stdout.split('\n');
  const [first] = logs.map((line) => logLineSchema.parse(JSON.parse(line)));
  expect(first).toEqual({ run: dead.run, node: 'worker-1', step: '1.1-look', attempt: 1, text: 'looked' });
  expect((await runbook(['logs', ...state, 'no-such'])).all).toContain('no run no-such');
});
