import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRemoteNode } from '../../src/remote/client.ts';
import { OpensshTransport } from '../../src/transport/openssh.ts';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import { ConnectionLost, type Become, type Transport } from '../../src/transport/transport.ts';
import { haveSshd, startSshd, type Sshd } from '../sshd/sshd.ts';
import { Collected, spec } from './collect.ts';
import { remoteContract, type ContractNode } from './contract.ts';

const haveSudo = process.getuid?.() === 0 && existsSync('/usr/bin/sudo');

describe.skipIf(!haveSshd)('with a real OpenSSH server', () => {
  let sshd: Sshd;
  const transport = new Ssh2Transport();

  beforeAll(async () => {
    sshd = await startSshd();
  });

  afterAll(async () => {
    await sshd.stop();
  });

  function node(become: Become, by: Transport = transport): () => Promise<ContractNode> {
    return async () => {
      const folder = mkdtempSync(join(tmpdir(), 'runbook-remote-'));
      return Promise.resolve({
        open: async () => by.connect(sshd.target({ become })),
        root: join(folder, 'root'),
        cleanUp: async () => Promise.resolve(rmSync(folder, { recursive: true, force: true, maxRetries: 5 })),
      });
    };
  }

  remoteContract('over OpenSSH', node({ method: 'none' }));
  remoteContract("by OpenSSH's client", node({ method: 'none' }, new OpensshTransport()));
  if (haveSudo) remoteContract('over OpenSSH through sudo', node({ method: 'sudo' }));
  else it.skip('through sudo: only as root, where sudo is installed');

  it('loses and repeats nothing when the server process of the connection is killed in mid-step', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runbook-remote-'));
    const gate = (name: string): void => writeFileSync(join(folder, name), '');
    const wait = (name: string): string => `while [ -d ${folder} ] && [ ! -e ${folder}/${name} ]; do sleep 0.02; done`;
    const script = `echo 1; echo 2; ${wait('a')}; echo 3; ${wait('b')}; echo 4; echo x >>${folder}/ran`;
    const sink = new Collected();
    const options = { root: join(folder, 'root') };
    const first = await openRemoteNode(await transport.connect(sshd.target()), options);
    const started = first.start(spec('1-a.1', script), sink);
    await sink.until('2\n');
    sshd.dropSessions();
    await expect(started).rejects.toBeInstanceOf(ConnectionLost);
    gate('a');
    const session = await transport.connect(sshd.target());
    const second = await openRemoteNode(session, options);
    expect(await second.status('r1', '1-a.1')).toEqual({ kind: 'running' });
    const followed = second.follow('r1', '1-a.1', { stdout: sink.out.length, stderr: 0 }, sink);
    gate('b');
    expect(await followed).toEqual({ kind: 'exited', code: 0 });
    expect([sink.text, readFileSync(join(folder, 'ran'), 'utf8')]).toEqual(['1\n2\n3\n4\n', 'x\n']);
    await second.close();
    await session.close();
    rmSync(folder, { recursive: true });
  });
});
