import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OpensshTransport } from '../../src/transport/openssh.ts';
import { sharingChannels } from '../../src/transport/shared-channels.ts';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import { haveSshd, type Sshd } from '../sshd/sshd.ts';
import { useSshd } from '../transport/use-sshd.ts';
import { folder, runbook, startRunbook } from './cli.ts';
import { until } from '../eventually.ts';

/** A home without a .bashrc, which each channel would wait for. */

/** A control plane, so that it keeps the lock and the copies, and a step that runs until the file `go` is there. */
function documents(sshd: Sshd) {
  const dir = folder();
  const { user, identityFile, knownHosts, port } = sshd;
  const inventory = {
    apiVersion: 'runbook/v1',
    kind: 'Inventory',
    cluster: 'real',
    ssh: { user, identityFile, knownHosts, port },
    become: { method: 'none' },
    remoteDir: join(dir, 'node'),
    nodes: [{ name: 'box', host: '127.0.0.1', role: 'control-plane' }],
  };
  const waits = `
          echo begun
          beat() { cat ${join(dir, 'node', 'lock')}/beat*; }
          b=$(beat)
          while [ "$(beat)" = "$b" ]; do sleep 0.1; done
          echo the heart beats
          while [ -d ${dir} ] && [ ! -e ${join(dir, 'go')} ]; do sleep 0.1; done
          echo x >>${join(dir, 'ran')}
          echo over`;
  const runbookText = `apiVersion: runbook/v1
kind: Runbook
name: test
phases:
  - name: one
    nodes: all
    steps:
      - name: Wait
        run: |${waits}
      - { name: Look, run: 'echo >${join(dir, 'looked')}', check: 'test -e ${join(dir, 'looked')}' }
`;
  writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(inventory));
  writeFileSync(join(dir, 'test.yaml'), runbookText);
  const options = ['-i', join(dir, 'inventory.yaml'), '--state-dir', join(dir, 'state')];
  return { dir, file: join(dir, 'test.yaml'), options, go: () => writeFileSync(join(dir, 'go'), '') };
}

/** Resolves once the running program has printed that. */
function printed(running: ReturnType<typeof startRunbook>, text: string): Promise<void> {
  let all = '';
  return new Promise((resolve, reject) => {
    running.all.on('data', (chunk: Buffer) => {
      all += chunk.toString();
      if (all.includes(text)) resolve();
    });
    void running.then(() => reject(new Error(`it ended: ${all}`)));
  });
}

describe.skipIf(!haveSshd).each([1, 2])('a server with MaxSessions %i', (most) => {
  const sshd = useSshd({ config: [`MaxSessions ${most}`] });

  test.each([
    ['ssh2', () => new Ssh2Transport()],
    ['openssh', () => new OpensshTransport()],
  ])(
    '%s asks while a long command holds a channel, and takes the only one when it is free',
    async (_name, transport) => {
      const session = await sharingChannels(transport()).connect(sshd().target());
      const long = await session.open('cat');
      const answers = await Promise.all([1, 2, 3].map((n) => session.exec(`echo ${n}`)));
      expect(answers.map(({ stdout }) => stdout.toString())).toEqual(['1\n', '2\n', '3\n']);
      for (const stream of [long.stdout, long.stderr]) stream.resume();
      long.stdin.end();
      expect(await long.exit).toEqual({ kind: 'exited', code: 0 });
      expect((await session.exec('echo 4')).stdout.toString()).toBe('4\n');
      await session.close();
    },
  );

  test('smoke.yaml is planned and applied', async () => {
    const { options } = documents(sshd());
    const marker = `few-${process.pid}-${most}`;
    for (const words of [['plan'], ['apply', '--yes']]) {
      const ended = await runbook([...words, 'smoke.yaml', ...options, '--set', `marker=${marker}`]);
      expect(ended.code, ended.all.slice(-3000)).toBe(0);
    }
  });

  test('the lock beats while a step runs, and the step outlives its link and its controller', async () => {
    const { dir, file, go, options } = documents(sshd());
    const before = sshd().logins;
    const first = startRunbook(['apply', file, ...options, '--yes']);
    await printed(first, 'the heart beats\n');
    // One connection, and at most two further ones for what is asked meanwhile.
    expect(sshd().logins - before).toBeLessThanOrEqual(3);
    const reconnected = printed(first, 'connected again');
    sshd().dropSessions();
    await reconnected;
    first.kill('SIGKILL');
    await first;
    const resumed = startRunbook(['resume', ...options, '--yes']);
    await printed(resumed, 'the heart beats\n');
    go();
    const { exitCode, all } = await resumed;
    expect(exitCode, all).toBe(0);
    expect(readFileSync(join(dir, 'ran'), 'utf8')).toBe('x\n');
  });
});

describe.skipIf(!haveSshd)('a server that ends each link', () => {
  const kills = join(tmpdir(), `runbook-kills-${process.pid}`);
  // As a .bashrc would with `kill -9 $PPID`: the parent of the login's shell is the server's process.
  const sshd = useSshd({
    config: [`ForceCommand if [ -e ${kills} ]; then kill -9 $PPID; fi; eval "$SSH_ORIGINAL_COMMAND"`],
  });

  test('right after its login is dialled again ever more rarely, and the run ends well once that is over', async () => {
    const { dir, file, go, options } = documents(sshd());
    onTestFinished(() => rm(kills, { force: true }));
    const running = startRunbook(['apply', file, ...options, '--yes']);
    await printed(running, 'begun\n');
    writeFileSync(kills, '');
    const before = sshd().logins;
    const began = Date.now();
    sshd().dropSessions();
    await until(() => sshd().logins - before >= 3, { interval: 100 });
    // After pauses of 1, 2 and 4 seconds at least.
    expect(Date.now() - began).toBeGreaterThan(6500);
    await rm(kills);
    go();
    const { exitCode, all } = await running;
    expect(exitCode, all).toBe(0);
    expect(sshd().logins - before).toBeLessThanOrEqual(5);
    expect(readFileSync(join(dir, 'ran'), 'utf8')).toBe('x\n');
    expect(existsSync(kills)).toBe(false);
  });
});
