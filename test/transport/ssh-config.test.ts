import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseOptions, settingsOf, withoutDefaults } from '../../src/transport/ssh-config.ts';
import { settingsByPackage } from '../../src/transport/ssh-config-package.ts';
import { SshConfig } from '../../src/transport/ssh-g.ts';

const home = userInfo().homedir;
const haveSsh = process.env['CI'] !== undefined || spawnSync('ssh', ['-V']).status === 0;

describe('what ssh -G prints', () => {
  const defaults = parseOptions(
    'host x\nuser me\nhostname x\nport 22\nidentityfile ~/.ssh/id_rsa\nconnecttimeout none\n',
  );
  const read = (text: string, asked = { host: 'cp-1' }) =>
    settingsOf(withoutDefaults(parseOptions(`host cp-1\n${text}`), defaults), asked);

  test('sets nothing where it has the values of no configuration', () => {
    const { options: _options, ...rest } = read(
      'user me\nhostname cp-1\nport 22\nidentityfile ~/.ssh/id_rsa\nconnecttimeout none\n',
    );
    expect(rest).toEqual({});
  });

  test('is read with tokens, variables and the home of the account', () => {
    const { options: _options, ...settings } = read(`user ops
hostname 10.0.0.1
port 2222
identityfile ~/.ssh/x
identityfile %d/keys/%r@%n y
certificatefile none
identityagent /run/%u/agent
identitiesonly yes
stricthostkeychecking false
userknownhostsfile /a /b/%k
globalknownhostsfile none
hostkeyalias cluster-1
connecttimeout 5
serveraliveinterval 3
serveralivecountmax 7
proxyjump gate,%r@[fd00::1]:2022
proxycommand nc -x %h %p '%%' | cat
`);
    expect(settings).toEqual({
      hostName: '10.0.0.1',
      user: 'ops',
      port: 2222,
      identityFiles: [`${home}/.ssh/x`, `${home}/keys/ops@cp-1 y`],
      certificateFiles: [],
      identityAgent: `/run/${userInfo().username}/agent`,
      identitiesOnly: true,
      strictHostKeyChecking: 'no',
      userKnownHosts: ['/a', '/b/cluster-1'],
      globalKnownHosts: [],
      hostKeyAlias: 'cluster-1',
      connectTimeout: 5000,
      serverAliveInterval: 3000,
      serverAliveCountMax: 7,
      proxyJump: ['gate', 'ops@[fd00::1]:2022'],
      proxyCommand: { written: "nc -x %h %p '%%' | cat", command: "nc -x 10.0.0.1 2222 '%' | cat" },
    });
    expect(read('proxycommand x %l %C\n').proxyCommand?.command).toMatch(new RegExp(`^x ${hostname()} [0-9a-f]{40}$`));
  });

  test('is refused for a token that is not known, and for a name that is a command', () => {
    expect(() => read('identityfile ~/%z\n')).toThrow('the token %z in "~/%z" is not known');
    expect(() => read('user $(id)\nproxycommand nc %r\n')).toThrow('"$(id)" has characters that a ProxyCommand');
  });
});

test('what the package ssh-config cannot read is a failure that names the file', () => {
  const line = { file: '~/.ssh/config', line: 1, text: 'Match cp-1', keyword: 'match', value: 'cp-1' };
  expect(() => settingsByPackage([line], { host: 'cp-1' })).toThrow(
    "~/.ssh/config: it cannot be read without OpenSSH's client",
  );
});

describe.skipIf(!haveSsh)('ssh -G itself', () => {
  let dir = '';
  let file = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'runbook-ssh-'));
    file = join(dir, 'config');
    writeFileSync(join(dir, 'more.conf'), 'Match originalhost w-* user root\n  Port 2200\n');
    writeFileSync(
      file,
      `Include ${dir}/*.conf
Host cp-*
  HostName %h.example.com
  User ops
  IdentityFile ~/.ssh/cluster
  IdentityAgent none
  ProxyJump gate
  UserKnownHostsFile ${dir}/kh
Host w-*
  ProxyCommand ${dir}/way %h %p
`,
    );
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const both = [
    ['ssh -G', 'ssh'],
    ['the package ssh-config', 'no-such-ssh'],
  ] as const;

  test.each(both)('Host, Match and Include by %s', async (_, ssh) => {
    const config = new SshConfig({ ssh });
    expect(await config.settings({ host: 'cp-1' }, file)).toMatchObject({
      hostName: 'cp-1.example.com',
      user: 'ops',
      identityFiles: [`${home}/.ssh/cluster`],
      identityAgent: 'none',
      proxyJump: ['gate'],
      userKnownHosts: [`${dir}/kh`],
    });
    const worker = await config.settings({ host: 'w-1', user: 'root' }, file);
    expect(worker).toMatchObject({ port: 2200, proxyCommand: { command: `${dir}/way w-1 2200` } });
    const other = await config.settings({ host: 'w-1', user: 'other' }, file);
    expect(other).not.toHaveProperty('port');
    const { options: _options, ...nothing } = (await config.settings({ host: 'else' }, file)) ?? {};
    expect(nothing).toEqual({});
  });

  test('is not run where no file says anything, nor for false', async () => {
    const empty = join(dir, 'empty');
    writeFileSync(empty, 'Host *\n  SendEnv LANG\n  HashKnownHosts yes\n');
    const broken = new SshConfig({ ssh: '/dev/null' });
    expect(await broken.settings({ host: 'cp-1' }, empty)).toBeUndefined();
    expect(await broken.settings({ host: 'cp-1' }, false)).toBeUndefined();
  });

  test('is refused with what ssh says, and where the file is missing', async () => {
    const wrong = join(dir, 'wrong');
    writeFileSync(wrong, 'Host *\n  Prot 22\n');
    await expect(new SshConfig().settings({ host: 'a' }, wrong)).rejects.toMatchObject({
      kind: 'document',
      detail: expect.arrayContaining([expect.stringContaining(`${wrong}: line 2: Bad configuration option: prot`)]),
    });
    await expect(new SshConfig().settings({ host: 'a' }, join(dir, 'none'))).rejects.toMatchObject({
      kind: 'document',
    });
  });

  test('Match exec is announced before its command runs, and needs OpenSSH', async () => {
    const exec = join(dir, 'exec');
    writeFileSync(exec, `Match host a exec "test -e ${dir}/announced"\n  User seen\n`);
    const config = new SshConfig({
      onExec: ([line]) => writeFileSync(join(dir, 'announced'), `${line?.file}:${line?.line}`),
    });
    expect(await config.settings({ host: 'a' }, exec)).toMatchObject({ user: 'seen' });
    await expect(new SshConfig({ ssh: 'no-such-ssh' }).settings({ host: 'a' }, exec)).rejects.toThrow(
      `${exec}:1: this \`Match\` is only understood with OpenSSH's client`,
    );
  });

  test('hosts for which the same blocks hold are one question, each with its own name', async () => {
    const many = join(dir, 'many');
    writeFileSync(many, 'Host gate\n  HostName 10.0.0.1\nHost *-7 !b-7\n  User seven\nHost *\n  Port 2222\n');
    const counted = join(dir, 'ssh');
    writeFileSync(counted, `#!/bin/sh\necho x >> ${dir}/count\nexec ssh "$@"\n`, { mode: 0o755 });
    const config = new SshConfig({ ssh: counted });
    const hosts = Array.from({ length: 300 }, (_, index) => `10.0.1.${index}`);
    const all = await Promise.all(hosts.map((host) => config.settings({ host }, many)));
    expect(new Set(all.map((one) => `${one?.port} ${one?.hostName} ${one?.user}`))).toEqual(
      new Set(['2222 undefined undefined']),
    );
    expect(await config.settings({ host: 'a-7' }, many)).toMatchObject({ user: 'seven', port: 2222 });
    expect(await config.settings({ host: 'b-7' }, many)).not.toHaveProperty('user');
    expect(await config.settings({ host: 'gate' }, many)).toMatchObject({ hostName: '10.0.0.1' });
    // The defaults, any address, a-7 and gate.
    expect(readFileSync(join(dir, 'count'), 'utf8')).toBe('x\n'.repeat(4));
  });
});
