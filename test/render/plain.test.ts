import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRenderer } from '../../src/render/create-renderer.ts';
import { sampleEvents, timed } from './samples.ts';
import { Sink, Terminal } from './terminal.ts';

const zone = process.env['TZ'];

describe('the plain renderer', () => {
  beforeAll(() => {
    process.env['TZ'] = 'UTC';
  });
  afterAll(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  it('writes a line per event with time, node and step, and problems to stderr', async () => {
    const { stdout, stderr } = await play('stdout');
    expect(stdout).toMatchInlineSnapshot(`
      "10:00:01 connecting to 2 nodes: cp-1, worker-1
      10:00:03 reading facts of 2 nodes
      10:00:04 ▲ warning: worker-1 4.4-drain: 1 pod has no controller
      10:00:04     do: move it
      10:00:04     rule: promise 9 (pods)
      10:00:06 planned upgrade-1.32 on lab: 9 steps on 2 nodes, 7 to change something
      10:00:07 rehearsed about 2 h ago: it failed at worker-1 4.4-drain, but the cluster has changed since
      10:00:08 run 20260105-100000-ab12: upgrade-1.32 on lab, 2 nodes, 9 steps
      10:00:09 phase 2/4 Other control planes: skipped, none of the nodes is in it
      10:00:10 phase 4/4 Workers on worker-1
      10:00:11 worker-1 4.4-drain Drain the node: started
      10:00:12 worker-1   │ evicting pod demo/a
      10:00:12 worker-1   │ waiting
      10:00:13 worker-1   │ (the line above ×3)
      10:00:13 worker-1   │ error: timed out
      10:00:14 worker-1 4.4-drain Drain the node: waiting for 1 pod
      10:00:15 worker-1: connection lost: read ECONNRESET; what runs there continues
      10:00:16 worker-1: connected again
      10:00:17 worker-1 4.4-drain Drain the node: trying again (attempt 2): exit status 1
      10:00:18 worker-1 4.4-drain Drain the node: failed in 3.0s: exit status 1
      10:00:19 stopping: worker-1 failed
      10:00:21 ✖ upgrade-1.32 failed in 1m05s: 1 failed
      10:00:21     not done on: worker-1
      10:00:21     next:
      10:00:21       runbook resume 20260105-100000-ab12
      10:00:23 waiting: pausing for 5m before worker-1
      10:00:24 nothing to resume: run 20260104-090000-ab12 is done
      "
    `);
    expect(stderr).toMatchInlineSnapshot(`
      "r.yaml:7:3: error: unknown key "stepz" [unknown-key]
        7 |   stepz: []
          |   ^^^^^
        did you mean "steps"?
      ✖ worker-1 4.4-drain Drain the node: failed after 3.0s: exit status 1
          last lines of its output:
            │ evicting pod demo/a
            │ error: timed out
          known: drain-timeout: The drain did not end in time
             do: \`kubectl get pods\` shows why.
                 runbook explain drain-timeout
          whole output: .runbook/runs/x/logs/worker-1/4.4-drain.1.log
      ▲ warning: the runbook was edited
          the frozen plan is followed
      "
    `);
  });

  it('writes progress to stderr where stdout is for data', async () => {
    const { stdout, stderr } = await play('stderr');
    expect(stdout).toBe('');
    expect(stderr).toContain('phase 4/4 Workers on worker-1');
  });

  it('shows commands and connections when asked to be verbose', async () => {
    const { stdout } = await play('stdout', true);
    expect(stdout).toContain('worker-1   $ kubectl drain worker-1');
    expect(stdout).toContain('connected to cp-1');
  });

  it('says that a step is followed again, and which attempt it is', async () => {
    const stdout = new Sink();
    const renderer = await plain(stdout, new Sink(), 'stdout');
    const step = { step: '1.1-a', node: 'cp-1', title: 'A' };
    for (const event of timed([
      { type: 'step-started', ...step, attempt: 2, commands: [], reattached: true },
      { type: 'step-output', ...step, stream: 'stdout', text: 'same\nsame\n' },
    ]))
      renderer.render(event);
    await renderer.close();
    expect(stdout.text).toContain('cp-1 1.1-a: started (attempt 2) (still running there; following it)');
    expect(stdout.text).toContain('(the line above ×2)');
  });

  it('takes the place of pretty where progress goes to no terminal', async () => {
    const stdout = new Sink();
    const renderer = await createRenderer({ ...options(stdout, new Terminal(80, 24)), output: 'pretty' });
    for (const event of sampleEvents()) renderer.render(event);
    await renderer.close();
    expect(stdout.text).toContain('10:00:08 run 20260105-100000-ab12');
  });

  it('goes on when its reader has gone away', async () => {
    const stdout = new Sink();
    const renderer = await plain(stdout, new Sink(), 'stdout');
    expect(stdout.listeners('error')).toBe(1);
    stdout.emit('error');
    await renderer.close();
  });
});

function options(stdout: Sink, stderr: Sink) {
  return { output: 'plain', stdout, stderr, color: false, unicode: true, verbose: false, now: () => 0 } as const;
}

function plain(stdout: Sink, stderr: Sink, progress: 'stdout' | 'stderr', verbose = false) {
  return createRenderer({ ...options(stdout, stderr), progress, verbose });
}

async function play(progress: 'stdout' | 'stderr', verbose = false): Promise<{ stdout: string; stderr: string }> {
  const stdout = new Sink();
  const stderr = new Sink();
  const renderer = await plain(stdout, stderr, progress, verbose);
  for (const event of sampleEvents()) renderer.render(event);
  await renderer.close();
  return { stdout: stdout.text, stderr: stderr.text };
}
