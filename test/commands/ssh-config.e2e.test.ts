import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { haveSshd, publicKey } from '../sshd/sshd.ts';
import { useSshd } from '../transport/use-sshd.ts';
import { runbook } from './cli.ts';

describe.skipIf(!haveSshd)('ssh_config', () => {
  const outer = useSshd();
  const inner = useSshd();
  const box = useSshd();
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'runbook-test-'));
    const pipes = 'process.stdin.pipe(s); s.pipe(process.stdout); s.on("close", () => process.exit(0));';
    writeFileSync(join(dir, 'relay.cjs'), `const s = require('net').connect(process.argv[2], '127.0.0.1'); ${pipes}`);
    const keys = [outer, inner, box].map((sshd) => readFileSync(sshd().knownHosts, 'utf8')).join('');
    writeFileSync(join(dir, 'known'), keys);
    writeFileSync(join(dir, 'alias'), `the-box ${publicKey(join(box().dir, 'host_ed25519.pub'))}\n`);
    writeFileSync(join(dir, 'empty'), '');
    writeFileSync(join(dir, 'key-by-token'), readFileSync(box().identityFile), { mode: 0o600 });
  });

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const login = (sshd: typeof box): string =>
    `HostName 127.0.0.1\n  Port ${sshd().port}\n  User ${sshd().user}\n  IdentityFile ${sshd().identityFile}`;
  const known = (): string => `UserKnownHostsFile ${dir}/known\n  GlobalKnownHostsFile none\n  IdentityAgent none`;
  const relay = (sshd: typeof box): string => `${process.execPath} ${dir}/relay.cjs ${sshd().port}`;

  /** One row a server: its name, and what ssh_config says of it. */
  const servers: readonly (readonly [name: string, config: () => string])[] = [
    ['plain', () => `Host plain\n  ${login(box)}`],
    ['two-hops', () => `Host two-hops\n  ${login(box)}\n  ProxyJump outer,inner`],
    ['nested', () => `Host nested\n  ${login(box)}\n  ProxyJump behind-outer`],
    ['by-command', () => `Host by-command\n  ${login(box)}\n  ProxyCommand ${relay(box)}`],
    ['by-ssh', () => `Host by-ssh\n  ${login(box)}\n  ProxyCommand ssh -F ${dir}/config -W %h:%p outer`],
    ['by-gate', () => `Host by-gate\n  ${login(box)}\n  ProxyJump commanded`],
    ['aliased', () => `Host aliased\n  ${login(box)}\n  HostKeyAlias the-box\n  UserKnownHostsFile ${dir}/alias`],
    ['new', () => `Host new\n  ${login(box)}\n  StrictHostKeyChecking accept-new\n  UserKnownHostsFile ${dir}/new`],
    ['global', () => `Host global\n  ${login(box)}\n  UserKnownHostsFile none\n  GlobalKnownHostsFile ${dir}/known`],
    ['matched', () => `Match originalhost matched exec "touch ${dir}/ran"\n  ${login(box)}`],
    ['direct', () => `Host direct\n  ${login(box)}\n  ProxyJump none\nHost direct\n  ProxyJump outer`],
    [
      'key-by-token',
      () =>
        `Host key-by-token\n  HostName 127.0.0.1\n  Port ${box().port}\n  User ${box().user}\n  IdentitiesOnly yes\n  IdentityFile ${dir}/%n`,
    ],
  ];

  /** A configuration in two files, and an inventory whose nodes are only names there. */
  function documents(names: readonly string[], more = '', ssh: Record<string, unknown> = {}) {
    writeFileSync(
      join(dir, 'gates.conf'),
      `Match originalhost outer
  ${login(outer)}
Host inner
  ${login(inner)}
Host behind-outer
  ${login(inner)}
  ProxyJump outer
Host commanded
  ${login(outer)}
  ProxyCommand ${relay(outer)}
`,
    );
    const hosts = servers.map(([, config]) => config()).join('\n');
    writeFileSync(join(dir, 'config'), `Include ${dir}/gates.conf\n${more}${hosts}\nHost *\n  ${known()}\n`);
    const inventory = {
      apiVersion: 'runbook/v1',
      kind: 'Inventory',
      cluster: 'config',
      ssh: { config: 'config', ...ssh },
      remoteDir: join(dir, 'node'),
      nodes: names.map((name) => ({ name, host: name })),
    };
    const file = join(dir, 'inventory.yaml');
    writeFileSync(file, JSON.stringify(inventory));
    return file;
  }
  const plan = (inventory: string) =>
    runbook(['plan', 'smoke.yaml', '-i', inventory, '--state-dir', join(dir, 'state')]);

  test('what ssh can log in to, plan can: one row a server', async () => {
    const names = servers.map(([name]) => name);
    const inventory = documents(names);
    const planned = await plan(inventory);
    expect(planned.code, planned.all.slice(-3000)).toBe(0);
    expect(planned.all).toContain('ProxyCommand of ');
    expect(planned.all).toContain('runs on this machine, to connect to by-command');
    expect(planned.all).toMatch(/has `Match exec`[^]*config:\d+: Match originalhost matched exec/);
    expect(readFileSync(join(dir, 'new'), 'utf8')).toContain(`[127.0.0.1]:${box().port} ssh-ed25519`);
    const logins = names.map((name) =>
      execa('ssh', ['-F', join(dir, 'config'), '-o', 'BatchMode=yes', name, 'true'], {
        reject: false,
        stdin: 'ignore',
      }),
    );
    const codes = (await Promise.all(logins)).map(({ exitCode, stderr }, index) => [names[index], exitCode, stderr]);
    expect(codes.filter(([, code]) => code !== 0)).toEqual([]);
  });

  test('StrictHostKeyChecking no does not switch verification off, and a note says so once', async () => {
    const no = (name: string): string =>
      `Host ${name}\n  ${login(box)}\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n`;
    const { code, all } = await plan(documents(['no-1', 'no-2'], no('no-1') + no('no-2')));
    expect(code).toBe(5);
    expect(all.split('StrictHostKeyChecking no of ')).toHaveLength(2);
    expect(all).toContain('for no-1, no-2');
    expect(all).toMatch(/no-1 \(127.0.0.1:\d+\): its host key is not known/);
    expect(all).toContain('known: none (/dev/null)');
  });

  test('the inventory overrides it, setting by setting', async () => {
    const wrong = `Host wrong\n  ${login(box)}\n  User nobody-here\n  ProxyCommand false\n`;
    const inventory = documents(['wrong'], wrong, { user: box().user, jump: 'outer' });
    const { code, all } = await plan(inventory);
    expect(code, all).toBe(0);
    expect(all).not.toContain('ProxyCommand of');
  });

  test('jump hosts that lead in a circle are an error of the document', async () => {
    const circle = 'Host a\n  ProxyJump b\nHost b\n  ProxyJump c\nHost c\n  ProxyJump b\n';
    const { code, all } = await plan(documents(['a'], circle));
    expect(code).toBe(2);
    expect(all).toContain('leads in a circle: a > b > c > b');
  });

  test('validate runs nothing of it', async () => {
    const marker = join(dir, 'validated');
    const { code } = await runbook(['validate', documents(['x'], `Match host x exec "touch ${marker}"\n  User y\n`)]);
    expect(code).toBe(0);
    expect(existsSync(marker)).toBe(false);
  });
});
