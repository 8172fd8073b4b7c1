import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redactText } from '../../src/redact.ts';
import { readSecret, type SecretIo, withholdVariables } from '../../src/transport/secrets.ts';

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
  const root = new URL('../../', import.meta.url).pathname;

  /** A program that asks, as plain JavaScript: Node 20 runs no TypeScript. */
  function program(): string {
    for (const file of [
      'failure.ts',
      'make-folder.ts',
      'redact.ts',
      ...readdirSync(join(root, 'src/transport')).map((name) => `transport/${name}`),
    ]) {
      const { outputText } = ts.transpileModule(readFileSync(join(root, 'src', file), 'utf8'), {
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
      });
      mkdirSync(join(dir, 'transport'), { recursive: true });
      writeFileSync(join(dir, file.replace(/\.ts$/, '.js')), outputText.replace(/(from '\.[^']*)\.ts'/g, "$1.js'"));
    }
    symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    const lines = [
      "import { readSecret } from './transport/secrets.js';",
      "const show = (secret) => console.log('read ' + JSON.stringify(secret).length + ' ' + [...secret].reverse().join(''));",
      "await readSecret('prompt', 'Password of ops').then(show, (error) => console.log(error.kind + ': ' + error.message));",
    ];
    writeFileSync(join(dir, 'ask.js'), lines.join('\n'));
    return `${process.execPath} ${join(dir, 'ask.js')}`;
  }

  /** Runs it in a pseudo-terminal, types when it has asked, and gives back all that was on the screen. */
  async function screenAfter(typed: string): Promise<string> {
    const child = spawn('script', ['-qec', program(), '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let screen = '';
    let asked = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
      if (!asked && screen.includes('Password of ops: ')) {
        asked = true;
        child.stdin.write(typed);
      }
    });
    await new Promise((resolve) => child.once('close', resolve));
    return screen;
  }

  test('takes a line without showing it, with backspace and UTF-8', async () => {
    const screen = await screenAfter('hüntx\u007fer2\r');
    expect(screen).toContain('2retnüh');
    expect(screen).not.toContain('hünt');
  });

  test('ends at ^C', async () => {
    expect(await screenAfter('hun\u0003')).toContain('cancelled: stopped at the prompt');
  });

  test('without a terminal it says what to use instead', () => {
    const { stdout } = spawnSync('setsid', ['-w', 'sh', '-c', program()], { input: '' });
    expect(stdout.toString()).toContain('unreachable: cannot ask for "Password of ops": there is no terminal');
  });
});

test('a variable that holds a secret is no part of the environment of what this process starts', async () => {
  process.env['RUNBOOK_TEST_SECRET'] = 'planted-in-env';
  withholdVariables(['env:RUNBOOK_TEST_SECRET', 'env:NO_SUCH', 'prompt', 'file:/x']);
  expect(spawnSync('env').stdout.toString()).not.toContain('planted-in-env');
  expect(await readSecret('command:env | grep -c RUNBOOK_TEST_SECRET || true', '')).toBe('0');
  expect(await readSecret('env:RUNBOOK_TEST_SECRET', '')).toBe('planted-in-env');
});

test('what was read is hidden from then on', async () => {
  await readSecret('env:SECRET', '', io({ SECRET: 'hunter2-of-env' }));
  expect(redactText('it is hunter2-of-env')).toBe('it is ***');
});
