import { openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ReadStream } from 'node:tty';
import { execa } from 'execa';
import { Failure } from '../failure.ts';
import { hideSecret } from '../redact.ts';
import { expandHome } from './host-key.ts';
import type { AskOperator } from './questions.ts';
import type { SecretSource } from './transport.ts';

/** What a source is read from; tests give their own. */
export interface SecretIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks on the terminal without showing what is typed. */
  ask(question: string): Promise<string>;
}

export const processIo: SecretIo = {
  get env() {
    return { ...process.env, ...withheld };
  },
  ask: askOnTerminal,
};

/** Variables of this process that no child of it inherits. */
const withheld: Record<string, string> = {};

/**
 * Takes the variables of `env:` sources out of what every child of this process inherits; {@link readSecret} knows
 * them.
 */
export function withholdVariables(sources: Iterable<SecretSource>): void {
  for (const source of sources) {
    const name = /^env:(.+)$/s.exec(source)?.[1];
    const value = name === undefined ? undefined : process.env[name];
    if (name === undefined || value === undefined) continue;
    withheld[name] = value;
    delete process.env[name];
  }
}

const kept = new WeakMap<SecretIo, Map<string, Promise<string>>>();

/**
 * Reads a secret; each source at most once per process (a prompt: once per question), failures too.
 * No message of it holds anything that was read, and what is shown or recorded from then on has `***` in its place.
 * @throws Failure `unreachable`: the source gives nothing; `cancelled`: ^C at the prompt
 */
export function readSecret(source: SecretSource, question: string, io: SecretIo = processIo): Promise<string> {
  const secrets = kept.get(io) ?? new Map<string, Promise<string>>();
  kept.set(io, secrets);
  const key = source === 'prompt' ? `prompt:${question}` : source;
  const secret =
    secrets.get(key) ?? hidden(source === 'prompt' ? inTurn(() => io.ask(question)) : readOnce(source, io));
  secrets.set(key, secret);
  return secret;
}

async function hidden(read: Promise<string>): Promise<string> {
  const secret = await read;
  hideSecret(secret);
  return secret;
}

/** Two questions at once would share one line of the terminal. */
let asking: Promise<unknown> = Promise.resolve();
function inTurn(ask: () => Promise<string>): Promise<string> {
  const answer = asking.then(ask);
  asking = answer.catch(() => undefined);
  return answer;
}

async function readOnce(source: SecretSource, io: SecretIo): Promise<string> {
  const [, kind, rest] = /^(env|file|command):(.+)$/s.exec(source) ?? [];
  switch (kind) {
    case 'env': {
      const value = io.env[rest ?? ''];
      if (value === undefined || value === '') throw nothing(source, 'the variable is not set');
      return value;
    }
    case 'file':
      return readFromFile(source, rest ?? '');
    case 'command':
      return readFromCommand(source, rest ?? '');
    default:
      throw nothing(source, 'a source is prompt, env:NAME, file:PATH or command:CMD');
  }
}

async function readFromFile(source: SecretSource, path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(expandHome(path), 'utf8');
  } catch (error) {
    throw nothing(source, error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read', error);
  }
  return nonEmpty(source, text);
}

async function readFromCommand(source: SecretSource, command: string): Promise<string> {
  // stderr and stdin stay the operator's: a password manager may want to ask.
  const stdio = { stdin: 'inherit', stdout: 'pipe', stderr: 'inherit', reject: false } as const;
  const result = await execa('sh', ['-c', command], { ...stdio, stripFinalNewline: false });
  if (result.exitCode !== 0) {
    throw nothing(source, result.exitCode === undefined ? 'it was ended by a signal' : `exit ${result.exitCode}`);
  }
  return nonEmpty(source, result.stdout);
}

function nonEmpty(source: SecretSource, text: string): string {
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw nothing(source, 'it is empty');
  return value;
}

function nothing(source: SecretSource, why: string, cause?: unknown): Failure {
  return new Failure('unreachable', `no secret from ${source}: ${why}`, [], { cause });
}

/**
 * Asks for what holds once, a code: it is not kept. `echo`: what is typed is shown.
 * @throws Failure as {@link readSecret}
 */
export const askOperator: AskOperator = (question, { echo }) => {
  const next = 'it asks a person (2FA): run the command in a terminal, or log in as a user without this question';
  return inTurn(() => onTerminal(question, next, echo));
};

/** Asks on the controlling terminal itself, so that it works while stdin or stdout are redirected. */
function askOnTerminal(question: string): Promise<string> {
  return onTerminal(question, 'give the secret by env:NAME, file:PATH or command:CMD instead of prompt', false);
}

async function onTerminal(question: string, withoutOne: string, echo: boolean): Promise<string> {
  let fd: number;
  try {
    fd = openSync('/dev/tty', 'r+');
  } catch (error) {
    const what = `cannot ask for "${question}": there is no terminal`;
    throw new Failure('unreachable', what, [withoutOne], { cause: error });
  }
  const input = new ReadStream(fd);
  try {
    input.setRawMode(true);
    writeSync(fd, `${question}: `);
    const show = (typed: string): void => void writeSync(fd, `\r\x1b[K${question}: ${typed}`);
    return await readLine(input, echo ? show : undefined);
  } finally {
    input.setRawMode(false);
    writeSync(fd, '\n');
    input.destroy();
  }
}

function readLine(input: ReadStream, show?: (typed: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = '';
    input.setEncoding('utf8');
    input.on('data', (chunk: string) => {
      for (const char of chunk) {
        if (char === '\r' || char === '\n') return resolve(typed);
        if (char === '\u0003') return reject(new Failure('cancelled', 'stopped at the prompt'));
        if (char === '\u0004' && typed === '') return reject(new Failure('cancelled', 'the prompt was closed'));
        typed = edit(typed, char);
        show?.(typed);
      }
      return undefined;
    });
    input.on('error', reject);
    input.on('end', () => reject(new Failure('cancelled', 'the terminal went away')));
  });
}

function edit(typed: string, char: string): string {
  if (char === '\u007f' || char === '\b') return Array.from(typed).slice(0, -1).join('');
  if (char === '\u0015') return '';
  return char < ' ' ? typed : typed + char;
}
