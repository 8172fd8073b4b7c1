import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { quote } from '../../../src/transport/quote.ts';
import { type OwnForm, ownScript, underBash } from '../../../src/actions/lib/own-script.ts';

const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']].filter(
  ([program = '', ...options]) => spawnSync(program, [...options, '-c', 'true']).status === 0,
);
const strict: OwnForm = { shell: 'sh', strict: true };

/** As an attempt's script runs: a file. */
function run([program = '', ...options]: readonly string[], script: string, env: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'own-script-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'script');
  writeFileSync(file, script);
  const { status, stdout, stderr } = spawnSync(program, [...options, file], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  return { status, out: stdout.trim(), err: stderr.trim() };
}

describe.each(SHELLS.map((words) => [words.join(' '), words] as const))('under %s', (_, shell) => {
  test('a script ends at the first command that fails, and at a variable that is not set', () => {
    expect(run(shell, ownScript('echo a\nfalse\necho b', strict))).toMatchObject({ status: 1, out: 'a' });
    expect(run(shell, ownScript('echo a\necho "$NONE"\necho b', strict))).toMatchObject({
      out: 'a',
      err: expect.stringContaining('NONE'),
    });
    expect(run(shell, ownScript('if false; then :; fi\nfalse || echo b', strict))).toMatchObject({
      status: 0,
      out: 'b',
    });
  });

  test('a pipeline fails with its parts, where the shell can tell', () => {
    const known = run(shell, 'set -o pipefail').status === 0;
    expect(run(shell, ownScript('false | true\necho b', strict)).status).toBe(known ? 1 : 0);
  });

  test('`strict: false` leaves the script as it was written', () => {
    expect(ownScript('false\necho b', { shell: 'sh', strict: false })).toBe('false\necho b');
  });

  test('arguments arrive as they are', () => {
    const args = ['a b', "it's", '$HOME', '', '*'];
    const script = ownScript(`printf '<%s>' "$#" "$@"`, { ...strict, args: args.map(quote) });
    expect(run(shell, script).out).toBe("<5><a b><it's><$HOME><><*>");
  });

  test('`shell: bash` is bash in full, and says so where there is none', () => {
    const script = ownScript('cat <(echo "$1")\nx=(1 2)\necho "${#x[@]}"', {
      shell: 'bash',
      strict: true,
      args: ['in'],
    });
    expect(run(shell, script)).toMatchObject({ status: 0, out: 'in\n2', err: '' });
    if (shell[0] === 'bash') return;
    const without = run(
      [spawnSync('which', [shell[0] ?? ''], { encoding: 'utf8' }).stdout.trim(), ...shell.slice(1)],
      script,
      { PATH: '/none' },
    );
    expect(without).toMatchObject({ status: 127, err: 'the step has shell: bash, and bash is not installed here' });
    expect(run(shell, underBash('x=(1 2)\ntest "${#x[@]}" = 2')).status).toBe(0);
  });
});
