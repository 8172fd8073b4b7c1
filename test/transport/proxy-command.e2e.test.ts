import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import { ConnectFailure, type Target } from '../../src/transport/transport.ts';
import { haveSshd, publicKey } from '../sshd/sshd.ts';
import { contract } from './contract.ts';
import { asked, hello } from './login.ts';
import { useSshd } from './use-sshd.ts';
import { eventually } from '../eventually.ts';

describe.skipIf(!haveSshd)('a ProxyCommand', () => {
  const gate = useSshd();
  const node = useSshd();
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'runbook-proxy-'));
    const pipes = 'process.stdin.pipe(s); s.pipe(process.stdout); s.on("close", () => process.exit(0));';
    writeFileSync(join(dir, 'relay.cjs'), `const s = require('net').connect(process.argv[2], '127.0.0.1'); ${pipes}`);
  });
  /** What `nc` does. */
  const relay = (port: number): string => `${process.execPath} ${dir}/relay.cjs ${port}`;
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** The address is one that only the command knows the way to. */
  const by = (proxyCommand: string, changes: Partial<Target> = {}): Target => {
    const known = `inner ${publicKey(join(node().dir, 'host_ed25519.pub'))}\n`;
    writeFileSync(join(dir, 'known_hosts'), known);
    return node().target({ host: 'inner', port: 22, knownHosts: [join(dir, 'known_hosts')], proxyCommand, ...changes });
  };
  const ssh = (): string => {
    const options = `-F none -i ${gate().identityFile} -o UserKnownHostsFile=${gate().knownHosts}`;
    return `ssh ${options} -p ${gate().port} -W 127.0.0.1:${node().port} ${gate().user}@127.0.0.1`;
  };

  async function refusal(target: Target): Promise<string> {
    const failure = await hello(target).catch((error: unknown) => error);
    if (!(failure instanceof ConnectFailure)) throw new Error('it was not refused', { cause: failure });
    return [failure.message, ...failure.detail].join('\n');
  }

  describe('ssh -W', () => contract(() => new Ssh2Transport().connect(by(ssh()))));

  test('is ended with the connection, its whole process group', async () => {
    const session = await new Ssh2Transport().connect(by(`sh -c 'echo $$ > ${dir}/pid; ${relay(node().port)}; true'`));
    const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
    expect(process.kill(-pid, 0)).toBe(true);
    await session.close();
    await eventually(() => expect(() => process.kill(-pid, 0)).toThrow('ESRCH'));
  });

  test('that ends ends the connection, with its reason', async () => {
    const session = await new Ssh2Transport().connect(by(`sh -c 'echo $$ > ${dir}/pid; exec ${relay(node().port)}'`));
    process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')), 'SIGKILL');
    expect(await session.closed).toContain('the ProxyCommand ended (SIGKILL)');
  });

  test('is quoted where it fails, with what it printed', async () => {
    const text = await refusal(by('sh -c "echo no route today >&2; exit 7"'));
    expect(text).toContain('inner:22 by ProxyCommand): the ProxyCommand ended (exit 7)');
    expect(text).toContain('ProxyCommand: sh -c "echo no route today >&2; exit 7"');
    expect(text).toContain('it printed: no route today');
  });

  test('that says nothing is ended at the time limit', async () => {
    const text = await refusal(
      by(`sh -c 'echo $$ > ${dir}/pid; echo waiting >&2; exec sleep 1000'`, { connectTimeout: 4000 }),
    );
    expect(text).toContain('no SSH server answered within 4 s');
    expect(text).toContain('it printed: waiting');
    const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  });

  test('leads to the first jump host', async () => {
    const { name: _name, jump: _jump, become: _become, ...hop } = gate().target({ proxyCommand: relay(gate().port) });
    expect(
      await hello(
        node().target({ jump: [{ ...hop, host: 'gate.invalid', hostKeyAlias: `[127.0.0.1]:${gate().port}` }] }),
      ),
    ).toBe('hello\n');
    expect(asked).toEqual([]);
  });

  test('a HostKeyAlias is the name that is looked up, shown and kept', async () => {
    const kept = join(dir, 'kept');
    const target = by(relay(node().port), { hostKeyAlias: 'cluster-cp-1', knownHosts: [kept] });
    const text = await refusal(target);
    expect(text).toContain('looked up as cluster-cp-1');
    expect(text).toContain('-o HostKeyAlias=cluster-cp-1');
    expect(await hello({ ...target, hostKeyChecking: 'accept-new' })).toBe('hello\n');
    expect(readFileSync(kept, 'utf8')).toMatch(/^cluster-cp-1 ssh-ed25519 /);
    expect(await hello(target)).toBe('hello\n');
  });
});
