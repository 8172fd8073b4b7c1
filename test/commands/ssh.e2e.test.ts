import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort, haveSshd, keygen, publicKey } from '../sshd/sshd.ts';
import { useSshd } from '../transport/use-sshd.ts';
import { folder, runbook, startRunbook } from './cli.ts';

describe.skipIf(!haveSshd)('over a real OpenSSH server', () => {
  const sshd = useSshd();

  /** An inventory of one node, and a runbook of `run:` steps, in a folder of their own. */
  function documents(steps: string, changes: { knownHosts?: string; port?: number; connectTimeout?: string } = {}) {
    const dir = folder();
    const { user, identityFile, knownHosts, port } = sshd();
    const ssh = { user, identityFile, knownHosts, port, connectTimeout: '10s', ...changes };
    const inventory = {
      apiVersion: 'runbook/v1',
      kind: 'Inventory',
      cluster: 'real',
      ssh,
      become: { method: 'none' },
      remoteDir: join(dir, 'node'),
      nodes: [{ name: 'box', host: '127.0.0.1' }],
    };
    writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(inventory));
    writeFileSync(
      join(dir, 'test.yaml'),
      `apiVersion: runbook/v1\nkind: Runbook\nname: test\nphases:\n  - name: one\n    nodes: all\n    steps:\n${steps.replaceAll(/^/gm, '      ')}\n`,
    );
    return { dir, inventory: join(dir, 'inventory.yaml'), file: join(dir, 'test.yaml') };
  }

  function apply(file: string, dir: string, ...more: string[]) {
    return runbook([
      'apply',
      file,
      '-i',
      join(dir, 'inventory.yaml'),
      '--state-dir',
      join(dir, 'state'),
      '--yes',
      ...more,
    ]);
  }

  test('smoke.yaml runs, and its second run finds the mark of the first', async () => {
    const { dir } = documents('- run: "true"');
    const marker = `test-${process.pid}`;
    const first = await apply('smoke.yaml', dir, '--set', `marker=${marker}`);
    expect(first.code, first.all.slice(-2000)).toBe(0);
    expect(first.all).toContain('marking box');
    expect(first.all).toContain('the first try fails on purpose');
    const second = await apply('smoke.yaml', dir, '--set', `marker=${marker}`);
    expect(second.code).toBe(0);
    expect(second.all).not.toContain('marking box');
    const id = /\d{8}-\d{6}-smoke-\w+/.exec(first.all)?.[0] ?? '';
    const log = await runbook(['logs', id, 'box', '1.3', '--state-dir', join(dir, 'state')]);
    expect(log.stdout.length).toBeGreaterThan(1_000_000);
    expect(log.stdout.trim().split('\n')).toHaveLength(16_384);
  });

  test('an exit code is told as it was, with the last lines and the log that holds all', async () => {
    const { dir, file } = documents('- run: |\n    echo before\n    echo what went wrong >&2\n    exit 37');
    const failed = await apply(file, dir);
    expect(failed.code).toBe(1);
    expect(failed.all).toContain('37');
    expect(failed.all).toContain('what went wrong');
    const log = /\S+\/logs\/box\/\S+\.log/.exec(failed.all)?.[0] ?? '';
    expect(readFileSync(log, 'utf8')).toBe('before\nwhat went wrong\n');
  });

  test('a time limit ends the step and its children on the node', async () => {
    const { dir, file } = documents(
      `- run: |\n    echo $$ > ${join('/tmp', `limit-${process.pid}`)}\n    sleep 1000\n  timeout: 1s`,
    );
    onTestFinished(() => rm(join('/tmp', `limit-${process.pid}`), { force: true }));
    const failed = await apply(file, dir);
    expect(failed.code).toBe(1);
    expect(failed.all).toMatch(/time limit/);
    const pid = Number(readFileSync(join('/tmp', `limit-${process.pid}`), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('an unknown host key is refused with its fingerprint, a changed one with both', async () => {
    const dir = folder();
    const empty = join(dir, 'empty');
    writeFileSync(empty, '');
    const unknown = documents('- run: "true"', { knownHosts: empty });
    const refused = await apply(unknown.file, unknown.dir);
    expect(refused.code).toBe(5);
    expect(refused.all).toMatch(/SHA256:/);

    keygen(join(dir, 'other'), 'ed25519');
    const wrong = join(dir, 'wrong');
    writeFileSync(wrong, `[127.0.0.1]:${sshd().port} ${publicKey(join(dir, 'other.pub'))}\n`);
    const changed = documents('- run: "true"', { knownHosts: wrong });
    const { code, all } = await apply(changed.file, changed.dir);
    expect(code).toBe(5);
    expect(new Set(all.match(/SHA256:\S+/g)).size).toBeGreaterThanOrEqual(2);
    expect(all).toContain(`${wrong}:1`);
  });

  test('a dead port is told with node and address', async () => {
    const port = await freePort();
    const { dir, file } = documents('- run: "true"', { port });
    const { code, all } = await apply(file, dir);
    expect(code).toBe(5);
    expect(all).toContain('box');
    expect(all).toContain(`127.0.0.1:${port}`);
  });

  test('after kill -9 of the controller the step runs on, and a resume takes its whole output and result', async () => {
    const { dir, file } = documents(
      '- run: |\n    echo one\n    while test -d DIR && ! test -e DIR/go; do sleep 0.1; done\n    echo x >> DIR/ran\n    echo two',
    );
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('DIR', dir));
    const state = join(dir, 'state');
    const first = startRunbook(['apply', file, '-i', join(dir, 'inventory.yaml'), '--state-dir', state, '--yes']);
    await new Promise<void>((resolve) => {
      first.all.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('one\n')) resolve();
      });
    });
    first.kill('SIGKILL');
    await first;
    const anew = await apply(file, dir, '--new');
    expect(anew.code).toBe(1);
    expect(anew.all).toContain('still runs on box');
    writeFileSync(join(dir, 'go'), '');
    const resumed = await runbook(['resume', '--state-dir', state, '--yes']);
    expect(resumed.code, resumed.all).toBe(0);
    expect(readFileSync(join(dir, 'ran'), 'utf8')).toBe('x\n');
    const id = /\d{8}-\d{6}-test-\w+/.exec(resumed.all)?.[0] ?? '';
    expect((await runbook(['logs', id, '--state-dir', state])).stdout).toBe('one\ntwo');
  });

  test('a second apply on the same state folder is refused while the first runs, naming it', async () => {
    const { dir, file } = documents(
      `- run: |\n    echo begun\n    while test -d DIR && ! test -e DIR/go; do sleep 0.1; done`,
    );
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('DIR', dir));
    const args = ['apply', file, '-i', join(dir, 'inventory.yaml'), '--state-dir', join(dir, 'state'), '--yes'];
    const first = startRunbook(args);
    await new Promise<void>((resolve) => {
      first.all.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('begun\n')) resolve();
      });
    });
    const second = await runbook(args);
    expect(second.code).toBe(4);
    expect(second.all).toContain(String(first.pid));
    writeFileSync(join(dir, 'go'), '');
    expect((await first).exitCode).toBe(0);
  });
});
