import { describe, expect, it } from 'vitest';
import { parseDuration, parseFaultEffect } from '../../src/lab/audit.ts';
import { startLab } from '../../src/lab/lab.ts';
import { openRemoteNode } from '../../src/remote/client.ts';
import { Collected, spec } from '../remote/collect.ts';
import { connectTo, fakeLab } from './rig.ts';

describe('the audit log', () => {
  it('lists simulated tools as executed, not wrappers and plain shell tools', async () => {
    const { run, lab } = await fakeLab({ controlPlanes: 1, workers: 0 });
    await run(
      'cp-1',
      `sudo -n env X=1 sh -c 'apt-mark unhold  "kubeadm"; ls /; /usr/bin/kubectl get node nope'; echo hi | cat`,
    );
    const { commands } = (await lab.state()).nodes[0] ?? { commands: [] };
    expect(commands.map(({ line, exit }) => [line, exit])).toEqual([
      ['apt-mark unhold kubeadm', 0],
      ['kubectl get node nope', 1],
    ]);
    expect(commands[0]?.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('has a null exit code while a command runs', async () => {
    const { start, lab, clock } = await fakeLab({ controlPlanes: 1, workers: 0 });
    const running = start('cp-1', 'kubeadm upgrade plan v1.31.9');
    await clock.advance(100);
    expect((await lab.state()).nodes[0]?.commands[0]?.exit).toBeNull();
    await clock.run(running);
    expect((await lab.state()).nodes[0]?.commands[0]?.exit).toBe(0);
  });

  it('gives state in the form of the contract', async () => {
    const { lab } = await fakeLab({ controlPlanes: 1, workers: 1, kubernetes: '1.31.9' });
    const { cluster, nodes } = await lab.state();
    expect(cluster.version).toBe('1.31.9');
    expect(nodes[0]).toMatchObject({
      name: 'cp-1',
      role: 'control-plane',
      ready: true,
      unschedulable: false,
      rebooted: false,
      repoMinor: '1.31',
      held: ['kubeadm', 'kubectl', 'kubelet'],
      kubeletRunning: '1.31.9',
      commands: [],
      packages: {
        kubeadm: '1.31.9',
        kubelet: '1.31.9',
        kubectl: '1.31.9',
      },
      staticPods: {
        'kube-apiserver': '1.31.9',
        'kube-controller-manager': '1.31.9',
        'kube-scheduler': '1.31.9',
      },
    });
    expect(nodes[1]).toMatchObject({ name: 'worker-1', role: 'worker', staticPods: {} });
  });
});

describe('faults', () => {
  it('exit:N lists the command, has no other effect and counts', async () => {
    const { run, lab } = await fakeLab({ controlPlanes: 1, workers: 0 });
    lab.addFault('cp-1', { on: /apt-mark unhold/, effect: { kind: 'exit', code: 7 }, times: 1 });
    expect((await run('cp-1', 'apt-mark unhold kubeadm')).code).toBe(7);
    expect((await lab.state()).nodes[0]?.held).toContain('kubeadm');
    expect((await run('cp-1', 'apt-mark unhold kubeadm')).code).toBe(0);
    expect((await lab.state()).nodes[0]?.commands.map(({ exit }) => exit)).toEqual([7, 0]);
  });

  it('slow waits before the work, hang never ends by itself', async () => {
    const { run, lab, clock } = await fakeLab({ controlPlanes: 1, workers: 0 });
    lab.addFault('cp-1', { on: /showhold/, effect: { kind: 'slow', ms: 60_000 }, times: 1 });
    lab.addFault('cp-1', { on: /madison/, effect: { kind: 'hang' }, times: 1 });
    const before = clock.now();
    await run('cp-1', 'apt-mark showhold');
    expect(clock.now() - before).toBeGreaterThanOrEqual(60_000);
    expect((await run('cp-1', 'timeout 3600 apt-cache madison kubeadm')).code).toBe(124);
  });

  it('reboot kills what runs, interrupts attempts, keeps files but those of /run, and gives another boot id', async () => {
    const { lab, run, clock } = await fakeLab({ controlPlanes: 1, workers: 1 });
    const machine = lab.world.machines[1];
    const boot = machine?.bootId;
    lab.addFault('worker-1', { on: /upgrade node/, effect: { kind: 'reboot' }, times: 1 });
    const ended = await run('worker-1', 'touch /run/x /root/y; kubeadm upgrade node; echo on');
    expect(ended.code).not.toBe(0);
    await clock.advance(10_000);
    expect(machine?.bootId).not.toBe(boot);
    expect((await run('worker-1', 'ls /run/x /root/y 2>/dev/null')).stdout).toBe('/root/y\n');
    expect((await lab.state()).nodes[1]).toMatchObject({
      rebooted: true,
      ready: true,
      commands: [{ line: 'kubeadm upgrade node', exit: 137 }],
    });
  });

  it('disconnect cuts the connection while the command runs on to its end', async () => {
    const lab = await startLab({ controlPlanes: 1, workers: 0, timeScale: 20 });
    try {
      lab.addFault('cp-1', { on: /upgrade plan/, effect: { kind: 'disconnect' }, times: 1 });
      const first = await openRemoteNode(await connectTo(lab, 'cp-1'), { root: '/var/lib/runbook' });
      await expect(first.start(spec('1-a.1', 'kubeadm upgrade plan v1.31.9; exit 3'), new Collected())).rejects.toThrow(
        /lost the connection/,
      );
      const session = await connectTo(lab, 'cp-1');
      const second = await openRemoteNode(session, { root: '/var/lib/runbook' });
      const sink = new Collected();
      expect(await second.follow('r1', '1-a.1', { stdout: 0, stderr: 0 }, sink)).toEqual({ kind: 'exited', code: 3 });
      expect(sink.text).toContain('[upgrade/versions] Cluster version');
      await session.close();
    } finally {
      await lab.close();
    }
  });

  it('are written as docs/lab.md describes', () => {
    expect(
      ['disconnect', 'exit:7', 'hang', 'reboot', 'slow:1m30s', 'exit:x', 'slow:', 'boom'].map(parseFaultEffect),
    ).toEqual([
      { kind: 'disconnect' },
      {
        kind: 'exit',
        code: 7,
      },
      { kind: 'hang' },
      { kind: 'reboot' },
      {
        kind: 'slow',
        ms: 9e4,
      },
      undefined,
      undefined,
      undefined,
    ]);
    expect(['0', '0ms', '1.5s', 'x', ''].map(parseDuration)).toEqual([0, 0, 1500, undefined, undefined]);
  });
});
