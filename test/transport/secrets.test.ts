import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSecret, type SecretIo } from '../../src/transport/secrets.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'runbook-secrets-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function io(env: Record<string, string> = {}, answer = 'typed'): SecretIo & { questions: string[] } {
  const questions: string[] = [];
  return {
    env,
    questions,
    ask: async (question) => {
      questions.push(question);
      return answer;
    },
  };
}

test('a secret comes from a variable, a file, a command or the prompt', async () => {
  writeFileSync(join(dir, 'secret'), 'from a file\n');
  expect(await readSecret('env:SECRET', '', io({ SECRET: 'from env' }))).toBe('from env');
  expect(await readSecret(`file:${join(dir, 'secret')}`, '', io())).toBe('from a file');
  expect(await readSecret('command:echo "from a"; echo command', '', io())).toBe('from a\ncommand');
  expect(await readSecret('prompt', 'Password', io())).toBe('typed');
});

test('each source is read once, however many nodes want it', async () => {
  const counter = `command:echo x >>${join(dir, 'count')}; cat ${join(dir, 'count')} | wc -l`;
  const source = io();
  const secrets = await Promise.all([1, 2, 3].map(() => readSecret(counter, '', source)));
  expect(secrets.map((secret) => secret.trim())).toEqual(['1', '1', '1']);
  await Promise.all([1, 2].map(() => readSecret('prompt', 'SSH password of ops', source)));
  await readSecret('prompt', 'sudo password of ops', source);
  expect(source.questions).toEqual(['SSH password of ops', 'sudo password of ops']);
});

test.each([
  ['env:NO_SUCH', 'the variable is not set'],
  ['file:/nowhere/secret', 'ENOENT'],
  ['command:echo s3cret; exit 4', 'exit 4'],
  ['command:true', 'it is empty'],
  ['vault:x', 'a source is'],
])('%s gives nothing and says why', async (source, why) => {
  const failure: unknown = await readSecret(source, '', io()).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'Failure', kind: 'unreachable', message: expect.stringContaining(why) });
  expect((failure as Error).message.replace(source, '')).not.toContain('s3cret');
});

describe('the prompt on a terminal', () => {
  const program = `import { readSecret } from '${new URL('../../src/transport/secrets.ts', import.meta.url).pathname}';
    try { console.log('secret=' + JSON.stringify(await readSecret('prompt', 'Password of ops'))); }
    catch (error) { console.log(error.kind + ': ' + error.message); }`;
  const compiled = (): string => {
    const file = join(dir, 'ask.ts');
    writeFileSync(file, program);
    return file;
  };
  /** Node 20 runs no TypeScript: vitest's own transform does. */
  const node = `${process.execPath} ${new URL('../../node_modules/.bin/vite-node', import.meta.url).pathname}`;

  test('without a terminal it says what to use instead', () => {
    const { stdout } = spawnSync('setsid', ['-w', 'sh', '-c', `${node} ${compiled()}`], { input: '' });
    expect(stdout.toString()).toContain('unreachable: cannot ask for "Password of ops": there is no terminal');
  });
});
