import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { quote } from '../../src/transport/quote.ts';
import { LocalTransport } from '../../src/transport/local.ts';
import type { Become, ConnectFailure, Session } from '../../src/transport/transport.ts';

const PASSWORD = "s3cret 'word' %p";

/** Speaks as sudo does, in the ways that matter: one file says how it behaves. */
const SUDO = `#!/bin/sh
here=\${0%/*}
while [ $# -gt 0 ]; do
  case $1 in
    -n) n=1 ;; -S) ;; -p) prompt=$2; shift ;; -u) echo "$2" >"$here/user"; shift ;; --) shift; break ;;
  esac
  shift
done
printf '%s\\n' "$*" >>"$here/arguments"
case $(cat "$here/mode") in
  nopasswd) echo "sudo: unable to resolve host here: Name or service not known" >&2; exec "$@" ;;
  password)
    if [ -n "$n" ]; then echo "sudo: a password is required" >&2; exit 1; fi
    for try in 1 2 3; do
      printf %s "$prompt" >&2
      IFS= read -r typed || { echo "sudo: no password was provided" >&2; exit 1; }
      printf '%s\\n' "$typed" >>"$here/typed"
      if [ "$typed" = "$(cat "$here/password")" ]; then exec "$@"; fi
      echo "Sorry, try again." >&2
    done
    echo "sudo: 3 incorrect password attempts" >&2; exit 1 ;;
  tty) echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1 ;;
  stranger) echo "ops is not in the sudoers file." >&2; exit 1 ;;
  silent) exec cat >/dev/null ;;
esac
`;

describe('sudo', () => {
  const path = process.env['PATH'] ?? '';
  let dir = '';
  let asked: string[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'runbook-sudo-'));
    writeFileSync(join(dir, 'sudo'), SUDO);
    chmodSync(join(dir, 'sudo'), 0o755);
    writeFileSync(join(dir, 'password'), PASSWORD);
    process.env['PATH'] = `${dir}:${path}`;
    asked = [];
  });
  afterEach(() => {
    process.env['PATH'] = path;
    rmSync(dir, { recursive: true, force: true });
  });

  async function session(mode: string, become: Partial<Become> = {}, password = PASSWORD): Promise<Session> {
    writeFileSync(join(dir, 'mode'), mode);
    const readSecret = async (source: string, question: string): Promise<string> => {
      asked.push(`${source}: ${question}`);
      return password;
    };
    return new LocalTransport({ readSecret }).connect({
      name: 'cp-1',
      host: 'localhost',
      port: 22,
      user: 'ops',
      identityFiles: [],
      knownHosts: [],
      hostKeyChecking: 'strict',
      jump: [],
      become: { method: 'sudo', timeout: 3000, ...become },
      connectTimeout: 10_000,
      keepaliveInterval: 15_000,
    });
  }
  async function refusal(mode: string, become: Partial<Become> = {}, password?: string): Promise<string> {
    const open = (await session(mode, become, password)).exec('cat', { stdin: 'payload' });
    const failure = (await open.catch((error: unknown) => error)) as ConnectFailure;
    expect(failure).toMatchObject({ name: 'ConnectFailure', reason: 'become', target: 'cp-1' });
    const text = [failure.message, ...failure.detail].join('\n');
    expect(text).not.toContain(PASSWORD);
    return text;
  }
  const withPassword = { password: 'prompt' } as const;

  test.each([
    ['without a password', 'nopasswd', {}],
    ['that has a password but is not asked for it', 'nopasswd', withPassword],
    ['that is asked for its password', 'password', withPassword],
  ])('gives a command %s its stdin, output and exit code untouched', async (_title, mode, become) => {
    const result = await (await session(mode, become)).exec('cat; echo err >&2; exit 5', { stdin: 'payload\nsecond' });
    expect(result.exit).toEqual({ kind: 'exited', code: 5 });
    expect(result.stdout.toString()).toBe('payload\nsecond');
    expect(result.stderr.toString()).toBe('err\n');
    expect(asked).toEqual(mode === 'password' ? ['prompt: sudo password of ops'] : []);
  });

  test('the password stands in no argument', async () => {
    await (await session('password', withPassword)).exec('true');
    const { stdout } = spawnSync('cat', [join(dir, 'arguments')]);
    expect(stdout.toString()).toContain('true');
    expect(stdout.toString()).not.toContain(PASSWORD);
  });

  test('a program that prints a question of its own gets no password', async () => {
    const command = 'printf "Password: runbook-password-" >&2; IFS= read -r line; echo "got $line"';
    const result = await (await session('nopasswd', withPassword)).exec(command, { stdin: 'payload\n' });
    expect(result.stdout.toString()).toBe('got payload\n');
  });

  test('a password that is wanted and not given is told with the way to give it', async () => {
    const text = await refusal('password');
    expect(text).toContain('cp-1: sudo wants a password');
    expect(text).toContain('become.passwordFrom');
  });

  test('a wrong password is sent once and told', async () => {
    expect(await refusal('password', withPassword, 'wrong')).toContain('refused the password of ops (from prompt)');
    expect(asked).toHaveLength(1);
  });

  test('a refused password is not sent again by this process, whoever asks next, and the sentence stays the same', async () => {
    const open = await session('password', withPassword, 'wrong');
    const ends = await Promise.all([1, 2, 3].map(async () => open.exec('true').catch((error: unknown) => error)));
    ends.push(await open.exec('true').catch((error: unknown) => error));
    for (const end of ends)
      expect(end).toMatchObject({ message: 'cp-1: sudo refused the password of ops (from prompt)' });
    expect(readFileSync(join(dir, 'typed'), 'utf8')).toBe('wrong\n');
  });

  test('a right password is sent to all that ask at once', async () => {
    const open = await session('password', withPassword);
    const ends = await Promise.all([1, 2, 3].map(async (code) => open.exec(`exit ${code}`)));
    expect(ends.map(({ exit }) => exit)).toEqual([1, 2, 3].map((code) => ({ kind: 'exited', code })));
    expect(readFileSync(join(dir, 'typed'), 'utf8')).toBe(`${PASSWORD}\n`.repeat(3));
  });

  test('another user gets the rights', async () => {
    await (await session('nopasswd', { user: 'deploy' })).exec('true');
    expect(readFileSync(join(dir, 'user'), 'utf8')).toBe('deploy\n');
  });

  test('doas that would ask for a password is refused before anything is sent', async () => {
    const text = await refusal('nopasswd', { method: 'doas', password: 'prompt' });
    expect(text).toContain('doas reads a password from a terminal only');
    expect(text).toContain('permit nopass');
    expect(asked).toEqual([]);
  });

  test('requiretty, a missing right and a sudo that says nothing are told apart', async () => {
    expect(await refusal('tty')).toContain('requiretty');
    expect(await refusal('stranger')).toContain('ops may not use sudo');
    expect(await refusal('silent')).toContain('sudo did not start the command within 3 s (become.timeout)');
  });

  test('a machine without sudo is told', async () => {
    const local = await session('nopasswd');
    rmSync(join(dir, 'sudo'));
    process.env['PATH'] = `${dir}:/nowhere`;
    for (const tool of ['sh', 'cat']) spawnSync('/bin/ln', ['-s', `/bin/${tool}`, join(dir, tool)]);
    await expect(local.exec('true')).rejects.toMatchObject({ reason: 'become', message: 'cp-1: there is no sudo' });
  });

  test('what a fast command prints right away is not lost', async () => {
    const local = await session('nopasswd');
    for (let round = 0; round < 5; round++) {
      const results = await Promise.all(Array.from({ length: 10 }, () => local.exec('echo out; echo err >&2')));
      for (const { stdout, stderr } of results)
        expect([stdout.toString(), stderr.toString()]).toEqual(['out\n', 'err\n']);
    }
  });
});

test('one word stays one word for a shell, whatever is in it', () => {
  const word = `a 'b' "c" $d \\ \`e\`\n!f`;
  expect(spawnSync('sh', ['-c', `printf %s ${quote(word)}`]).stdout.toString()).toBe(word);
});
