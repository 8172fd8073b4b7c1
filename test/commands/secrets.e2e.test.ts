import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { haveSshd, keygen } from '../sshd/sshd.ts';
import { useSshd } from '../transport/use-sshd.ts';
import { folder, runbook, startRunbook } from './cli.ts';
import { eventually } from '../eventually.ts';

const programs = ['useradd', 'sudo', 'script'].every((name) => spawnSync('which', [name]).status === 0);
const able = haveSshd && process.getuid?.() === 0 && programs;

/** A login of its own, whose sudo asks for a password. */
const user = `rbsecret${process.pid}`;
const PLANTED = { RB_SUDO: 'planted-sudo-Pw1', RB_PHRASE: 'planted-phrase-Pw2', RB_TOKEN: 'planted-token-Pw3' };
const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: secrets
inputs:
  token: { type: secret }
  key: { type: secret, default: file:key.pem }
phases:
  - name: one
    nodes: all
    steps:
      - name: Node
        run: 'test "$(id -u)" = 0 && test -s "$TOKEN" && echo node has it; while ! test -e DIR/go; do sleep 0.1; done'
        secrets: { TOKEN: '\${{ inputs.token }}' }
      - name: Here
        run: 'test -s "$TOKEN" && echo "here has it"; while ! test -e DIR/go-here; do sleep 0.1; done'
        on: local
        secrets: { TOKEN: '\${{ inputs.token }}' }
      - name: Whole
        run: 'cmp "$KEY" DIR/key.pem'
        secrets: { KEY: '\${{ inputs.key }}' }
      - name: Prints
        run: |
          head -c 9 "$TOKEN"; sleep 0.5; tail -c +10 "$TOKEN"; echo
          base64 <"$TOKEN"; printf 'ops:%s' "$(cat "$TOKEN")" | base64; cat "$KEY"
        secrets: { TOKEN: '\${{ inputs.token }}', KEY: '\${{ inputs.key }}' }
      - { name: Fails once, run: 'cat "$TOKEN"; test -e DIR/fixed', on: local, secrets: { TOKEN: '\${{ inputs.token }}' } }
`;

/** Values, and what a base64 of the token and a line of the key look like. */
const SOUGHT = [
  ...Object.values(PLANTED),
  Buffer.from(PLANTED.RB_TOKEN).toString('base64').slice(0, 16),
  'bGluZSBvbmUgb2Y',
];

describe.skipIf(!able)(
  'secrets on a real OpenSSH server with a sudo that asks (root, useradd, sudo and script)',
  () => {
    const keys = `/tmp/${user}-keys`;
    const sshd = useSshd({ ownHomes: true, config: [`AuthorizedKeysFile ${keys}`] });
    beforeAll(() => {
      execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', user]);
      execFileSync('chpasswd', { input: `${user}:${PLANTED.RB_SUDO}\n` });
      writeFileSync(`/etc/sudoers.d/${user}`, `${user} ALL=(ALL) PASSWD: ALL\nDefaults:${user} !lecture\n`, {
        mode: 0o440,
      });
    });
    afterAll(() => {
      rmSync(`/etc/sudoers.d/${user}`, { force: true });
      rmSync(keys, { force: true });
      spawnSync('userdel', ['--remove', user]);
    });

    test('planted, they are found in no argument list, environment, file, event or screen, while steps run and afterwards', async () => {
      const dir = folder();
      chmodSync(dir, 0o755);
      keygen(join(dir, 'id'), 'ed25519', PLANTED.RB_PHRASE);
      writeFileSync(keys, readFileSync(join(dir, 'id.pub')));
      writeFileSync(
        join(dir, 'key.pem'),
        '-----BEGIN KEY-----\nbGluZSBvbmUgb2Yga2V5\nbGluZSBvbmUgb2YgdHdv\n-----END KEY-----\n',
        { mode: 0o640 },
      );
      writeFileSync(join(dir, 'secrets.yaml'), RUNBOOK.replaceAll('DIR', dir));
      const ssh = {
        user,
        identityFile: 'id',
        knownHosts: sshd().knownHosts,
        port: sshd().port,
        agent: false,
        passphraseFrom: 'env:RB_PHRASE',
      };
      const inventory = {
        apiVersion: 'runbook/v1',
        kind: 'Inventory',
        cluster: 'real',
        ssh,
        become: { method: 'sudo', passwordFrom: 'env:RB_SUDO' },
        remoteDir: join(dir, 'node'),
        nodes: [{ name: 'box', host: '127.0.0.1' }],
      };
      writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(inventory));
      const state = ['--state-dir', join(dir, 'state')];
      const set = ['--set', 'token=env:RB_TOKEN'];
      const args = ['apply', join(dir, 'secrets.yaml'), '-i', join(dir, 'inventory.yaml'), ...state, '--yes', ...set];

      const running = startRunbook([...args, '--output', 'json'], PLANTED);
      let events = '';
      running.all.on('data', (chunk: Buffer) => (events += chunk.toString('utf8')));
      for (const [line, gate] of [
        ['node has it', 'go'],
        ['here has it', 'go-here'],
      ] as const) {
        await eventually(() => expect(events).toContain(line));
        expect(processesWith(running.pid)).toEqual([]);
        expect(filesWith(dir)).toEqual([]);
        writeFileSync(join(dir, gate), '');
      }
      expect((await running).exitCode, events).toBe(1);
      expect(found(events)).toEqual([]);
      expect(events).toMatch(/"text":"\*\*\*\\n/);
      expect(events).toContain(`the secret in ${join(dir, 'key.pem')} is open to its group (mode 640)`);
      expect(filesWith(join(dir, 'state/runs'))).toEqual([]);

      // Its environment is empty by now: the sources are asked again, by name.
      const run = /runbook resume ([\w-]+)/.exec(events)?.[1] ?? '';
      const without = await runbook(['resume', run, ...state, '--yes'], {
        env: { RB_SUDO: PLANTED.RB_SUDO, RB_PHRASE: PLANTED.RB_PHRASE },
      });
      expect([without.code, without.all]).toEqual([
        5,
        expect.stringContaining('no secret from env:RB_TOKEN: the variable is not set'),
      ]);
      writeFileSync(join(dir, 'fixed'), '');
      const command = [
        process.execPath,
        new URL('../../dist/cli.js', import.meta.url).pathname,
        'resume',
        run,
        ...state,
        '--yes',
      ];
      const screen = execFileSync('script', ['-qec', command.join(' '), '/dev/null'], {
        env: { ...process.env, ...PLANTED, TERM: 'xterm' },
        encoding: 'utf8',
      });
      expect(screen).toContain('done');
      expect(found(screen)).toEqual([]);
      const logs = await runbook(['logs', run, ...state]);
      expect(logs.stdout).toContain('***');
      expect(found(logs.all)).toEqual([]);
      // The run is done: what steps printed is no longer on the node either.
      expect(filesWith(dir)).toEqual([]);
      expect(
        readdirSync('/dev/shm')
          .concat(readdirSync('/run'))
          .filter((name) => /^runbook-[0-9a-f-]{36}$/.test(name)),
      ).toEqual([]);
    });
  },
);

function found(text: string): string[] {
  return SOUGHT.filter((one) => text.includes(one));
}

/** Files below a folder with any of them, but for the one that the operator keeps. */
function filesWith(dir: string): string[] {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name));
  return files.filter((file) => {
    if (file.endsWith('/key.pem') || !existsSync(file)) return false;
    try {
      return found(readFileSync(file, 'latin1')).length > 0;
    } catch {
      return false;
    }
  });
}

/** Processes that have any of them in their arguments or their environment, but for the environment of `own`. */
function processesWith(own: number | undefined): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) =>
      ['cmdline', 'environ'].flatMap((file) => {
        try {
          const text = readFileSync(`/proc/${pid}/${file}`, 'latin1');
          const isOwn = pid === String(own) && file === 'environ';
          return isOwn || found(text).length === 0 ? [] : [`${pid} ${file}: ${text.slice(0, 300)}`];
        } catch {
          return [];
        }
      }),
    );
}
