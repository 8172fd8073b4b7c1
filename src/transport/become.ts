import { quote } from './quote.ts';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { Failure } from '../failure.ts';
import { whenRead } from './channel.ts';
import { Deadline } from './deadline.ts';
import { deferred } from './deferred.ts';
import type { ReadSecret } from './identities.ts';
import { ConnectFailure, ConnectionLost, type Become, type Channel } from './transport.ts';

export type Open = (command: string) => Promise<Channel>;

export interface ElevateOptions {
  /** The node's name, for messages. */
  readonly target: string;
  readonly user: string;
  readonly become: Become;
  readonly readSecret: ReadSecret;
  /** Milliseconds within which sudo must have started the command; typing a password does not count. */
  readonly timeout: number;
}

/**
 * Opens commands as root by sudo. The command first says on stderr that it has begun; only then is the channel handed
 * out. So nothing of its stdin can be taken for a password, and a sudo that refuses is told from a command that fails.
 */
export function elevate(open: Open, options: ElevateOptions): Open {
  if (options.become.method === 'none') return open;
  return async (command) => {
    const id = randomBytes(12).toString('hex');
    const marks = { ask: `runbook-password-${id}:`, begun: `runbook-begun-${id}:` };
    const flags = options.become.password === undefined ? '-n' : `-S -p ${marks.ask}`;
    const inner = `printf %s ${marks.begun} >&2; ${command}`;
    const channel = await open(`sudo ${flags} -- sh -c ${quote(inner)}`);
    try {
      return await begin(channel, marks, options);
    } catch (error) {
      channel.close();
      throw error;
    }
  };
}

interface Marks {
  readonly ask: string;
  readonly begun: string;
}

/** Reads stderr up to the mark; what sudo said before it is dropped, what comes after it belongs to the command. */
async function begin(channel: Channel, marks: Marks, options: ElevateOptions): Promise<Channel> {
  const outcome = deferred<Buffer>();
  const limit = new Deadline(options.timeout, () => {
    const detail = said(heard.toString(), marks);
    outcome.reject(refusal(options, `sudo did not start the command within ${options.timeout / 1000} s`, detail));
  });
  let heard: Buffer = Buffer.alloc(0);
  let asked = false;

  const stopListening = (): void => {
    channel.stderr.off('readable', onReadable).off('end', onEnd);
  };
  const onReadable = (): void => {
    for (let chunk: unknown = channel.stderr.read(); chunk !== null; chunk = channel.stderr.read()) {
      if (Buffer.isBuffer(chunk)) heard = Buffer.concat([heard, chunk]);
      const begun = heard.indexOf(marks.begun);
      if (begun === -1) continue;
      // At once: what comes from now on is the command's, and must stay in the stream.
      stopListening();
      return outcome.resolve(heard.subarray(begun + marks.begun.length));
    }
    const first = heard.indexOf(marks.ask);
    if (first === -1) return undefined;
    if (heard.includes(marks.ask, first + 1)) return outcome.reject(wrongPassword(options));
    if (asked) return undefined;
    asked = true;
    limit.pausedWhile(() => answer(channel, options)).catch(outcome.reject);
    return undefined;
  };
  const onEnd = (): void => {
    channel.stdout.resume();
    channel.exit
      .then((exit) => {
        if (exit.kind === 'lost') throw new ConnectionLost(options.target, exit.reason);
        throw explain(options, heard.toString(), marks, exit.kind === 'exited' ? exit.code : undefined);
      })
      .catch(outcome.reject);
  };
  channel.stderr.on('readable', onReadable).on('end', onEnd);
  try {
    await outcome.promise;
  } finally {
    limit.clear();
    stopListening();
  }
  return withStderr(channel, await outcome.promise);
}

async function answer(channel: Channel, options: ElevateOptions): Promise<void> {
  try {
    const password = await options.readSecret(options.become.password ?? '', `sudo password of ${options.user}`);
    channel.stdin.write(`${password}\n`);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === 'cancelled') throw error;
    throw refusal(options, `sudo asks for a password: ${error.message}`, error.detail);
  }
}

function withStderr(channel: Channel, rest: Buffer): Channel {
  const stderr = new PassThrough();
  if (rest.length > 0) stderr.write(rest);
  const read = whenRead(stderr);
  let closed = (): void => undefined;
  const closedHere = new Promise<void>((resolve) => {
    closed = resolve;
  });
  channel.stderr.pipe(stderr);
  return {
    stdin: channel.stdin,
    stdout: channel.stdout,
    stderr,
    exit: Promise.race([Promise.all([channel.exit, read]), closedHere]).then(() => channel.exit),
    close: () => {
      channel.close();
      closed();
    },
  };
}

function refusal(options: ElevateOptions, what: string, detail: readonly string[]): ConnectFailure {
  return new ConnectFailure(options.target, 'become', `${options.target}: ${what}`, detail);
}

function wrongPassword(options: ElevateOptions): ConnectFailure {
  const what = `sudo refused the password of ${options.user} (from ${options.become.password ?? 'nowhere'})`;
  return refusal(options, what, ['give the right one by become.passwordFrom']);
}

/** What sudo printed, without our marks. */
function said(text: string, marks: Marks): string[] {
  const lines = text.replaceAll(marks.ask, '').split('\n');
  return lines.map((line) => line.trimEnd()).filter((line) => line !== '');
}

function explain(options: ElevateOptions, text: string, marks: Marks, code: number | undefined): ConnectFailure {
  const { user } = options;
  const lines = said(text, marks);
  const known: readonly (readonly [RegExp, string, string])[] = [
    [/password is required|no password was provided|askpass/i, 'sudo wants a password', PASSWORD],
    [/must have a tty/i, 'sudo wants a terminal (requiretty)', `add to sudoers: Defaults:${user} !requiretty`],
    [/not in the sudoers|may not run sudo|not allowed to/i, `${user} may not use sudo`, `allow ${user} in sudoers`],
    [/incorrect password|try again/i, `sudo refused the password of ${user}`, PASSWORD],
    [
      /sudo: .*not found|not found.*sudo/i,
      'there is no sudo',
      'install it, or log in as root with become.method: none',
    ],
  ];
  const [, what, next] = known.find(([pattern]) => pattern.test(text)) ?? [];
  const otherwise = `sudo did not start the command (${code === undefined ? 'ended by a signal' : `exit ${code}`})`;
  return refusal(options, what ?? otherwise, next === undefined ? lines : [...lines, next]);
}

const PASSWORD = 'set become.passwordFrom (prompt, env:NAME, file:PATH or command:CMD), or allow NOPASSWD in sudoers';
