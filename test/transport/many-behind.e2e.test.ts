import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realClock } from '../../src/engine/clock.ts';
import { Links } from '../../src/engine/links.ts';
import { readNodeFacts } from '../../src/facts/read.ts';
import { startLab, type Lab } from '../../src/lab/lab.ts';
import { openRemoteNode } from '../../src/remote/client.ts';
import { connectAll } from '../../src/transport/pool.ts';
import { sharingChannels } from '../../src/transport/shared-channels.ts';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { Target } from '../../src/transport/transport.ts';
import { haveSshd } from '../sshd/sshd.ts';
import { useSshd } from './use-sshd.ts';

// MANY_NODES=300 shows it in full; most of its time is the CPU of both ends of each handshake.
const NODES = Number(process.env['MANY_NODES'] ?? 40);
const facts = ['machine', 'os', 'binaries', 'kubelet', 'disk', 'kernel'] as const;

describe.skipIf(!haveSshd)(`${NODES} nodes behind one jump host`, () => {
  const bastion = useSshd({ config: ['MaxSessions 10', 'MaxStartups 10:30:100'] });
  let lab: Lab;
  let folder: string;
  let links: Links;
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning.message);
  beforeAll(async () => {
    process.on('warning', onWarning);
    folder = mkdtempSync(join(tmpdir(), 'runbook-many-'));
    lab = await startLab({ controlPlanes: 3, workers: NODES - 3 });
    writeFileSync(join(folder, 'id'), lab.privateKey, { mode: 0o600 });
    writeFileSync(join(folder, 'known_hosts'), lab.knownHosts());
  });
  afterAll(async () => {
    process.off('warning', onWarning);
    await links.close();
    await lab.close();
    await rm(folder, { recursive: true, force: true });
  });

  const targets = (): Target[] =>
    lab.nodes.map(({ name, host, port }) => {
      const jump = bastion().target();
      return {
        ...jump,
        name,
        host,
        port,
        user: lab.user,
        identityFiles: [join(folder, 'id')],
        knownHosts: [join(folder, 'known_hosts')],
        jump: [jump],
        become: { method: 'sudo' },
      };
    });

  test('their facts are read over one login there, with at most 10 connections opening at once', async () => {
    const transport = sharingChannels(new Ssh2Transport());
    const all = targets();
    const byName = new Map(all.map((target) => [target.name, target]));
    links = new Links({
      dial: (name) => transport.connect(byName.get(name) ?? bastion().target()),
      open: (_name, session) => openRemoteNode(session, { root: '/var/lib/runbook' }),
      clock: realClock,
      emit: () => undefined,
      reconnectFor: 120_000,
    });
    let connected = 0;
    let mostOpening = 0;
    const watch = setInterval(() => {
      const accepted = lab.world.machines.reduce((sum, { connections }) => sum + connections.size, 0);
      mostOpening = Math.max(mostOpening, accepted - connected);
    }, 5);
    const { sessions, failures } = await connectAll(all, transport, { onConnected: () => (connected += 1) });
    clearInterval(watch);
    expect(failures).toEqual([]);
    expect(mostOpening).toBeGreaterThan(2);
    expect(mostOpening).toBeLessThanOrEqual(10);
    for (const [name, session] of sessions) links.adopt(name, session);
    const names = await Promise.all(
      all.map(async ({ name }) => {
        const { machine } = await links.with(name, (remote) =>
          readNodeFacts((script) => remote.probe(script), facts, { kubeconfig: '' }),
        );
        return machine?.hostname;
      }),
    );
    expect(names).toEqual(all.map(({ name }) => name));
    expect([bastion().logins, warnings]).toEqual([1, []]);
  });

  test('when its link dies, all of them come back over one new login', async () => {
    bastion().dropSessions();
    const back = await Promise.all(
      lab.nodes.map(({ name }) => links.with(name, async (remote) => (await remote.probe('hostname')).stdout.trim())),
    );
    expect(back).toEqual(lab.nodes.map(({ name }) => name));
    expect([bastion().logins, warnings]).toEqual([2, []]);
  });
});
