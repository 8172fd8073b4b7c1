import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.ts';
import { Deadline } from './deadline.ts';
import { deferred } from './deferred.ts';
import type { ReadSecret } from './identities.ts';
import { quote } from './quote.ts';
import { ConnectFailure, ConnectionLost, type Channel, type Target } from './transport.ts';

export type Open = (command: string) => Promise<Channel>;

/**
 * Opens commands as root by sudo, which must start them within `connectTimeout`; the time to type a password does not
 * count. A command first prints on stderr that it has begun; only then is the channel returned. So nothing of its stdin
 * can be taken for a password, and a sudo that refuses differs from a command that fails.
 */
export function elevate(open: Open, target: Target, readSecret: ReadSecret): Open {
  if (target.become.method === 'none') return open;
  return async (command) => {
    const id = randomBytes(12).toString('hex');
    const marks = { ask: `runbook-password-${id}:`, begun: `runbook-begun-${id}:` };
    const flags = target.become.password === undefined ? '-n' : `-S -p ${marks.ask}`;
    const inner = `printf %s ${marks.begun} >&2; ${command}`;
    const channel = await open(`sudo ${flags} -- sh -c ${quote(inner)}`);
    try {
      await begin(channel, marks, target, readSecret);
      return channel;
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

/** Reads stderr up to the mark; what sudo printed before it is dropped, what comes after it stays in the stream. */
async function begin(channel: Channel, marks: Marks, target: Target, readSecret: ReadSecret): Promise<void> {
  const outcome = deferred<undefined>();
  const limit = new Deadline(target.connectTimeout, () => {
    const what = `sudo did not start the command within ${target.connectTimeout / 1000} s`;
    outcome.reject(refusal(target, what, printed(heard.toString(), marks)));
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
      // At once: what comes from now on is the command's.
      stopListening();
      const rest = heard.subarray(begun + marks.begun.length);
      if (rest.length > 0) channel.stderr.unshift(rest);
      return outcome.resolve(undefined);
    }
    const first = heard.indexOf(marks.ask);
    if (first === -1) return undefined;
    if (heard.includes(marks.ask, first + 1)) return outcome.reject(wrongPassword(target));
    if (asked) return undefined;
    asked = true;
    limit.pausedWhile(() => answer(channel, target, readSecret)).catch(outcome.reject);
    return undefined;
  };
  const onEnd = (): void => {
    channel.stdout.resume();
    channel.exit
      .then((exit) => {
        if (exit.kind === 'lost') throw new ConnectionLost(target.name, exit.reason);
        throw explain(target, heard.toString(), marks, exit.kind === 'exited' ? exit.code : undefined);
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
}

async function answer(channel: Channel, target: Target, readSecret: ReadSecret): Promise<void> {
  try {
    const password = await readSecret(target.become.password ?? '', `sudo password of ${target.user}`);
    channel.stdin.write(`${password}\n`);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === 'cancelled') throw error;
    throw refusal(target, `sudo asks for a password: ${error.message}`, error.detail);
  }
}

function refusal({ name }: Target, what: string, detail: readonly string[]): ConnectFailure {
  return new ConnectFailure(name, 'become', `${name}: ${what}`, detail);
}

function wrongPassword(target: Target): ConnectFailure {
  const what = `sudo refused the password of ${target.user} (from ${target.become.password ?? 'nowhere'})`;
  return refusal(target, what, ['give the right one by become.passwordFrom']);
}

/** What sudo printed, without our marks. */
function printed(text: string, marks: Marks): string[] {
  const lines = text.replaceAll(marks.ask, '').split('\n');
  return lines.map((line) => line.trimEnd()).filter((line) => line !== '');
}

function explain(target: Target, text: string, marks: Marks, code: number | undefined): ConnectFailure {
  const { user } = target;
  const lines = printed(text, marks);
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
  return refusal(target, what ?? otherwise, next === undefined ? lines : [...lines, next]);
}

const PASSWORD = 'set become.passwordFrom (prompt, env:NAME, file:PATH or command:CMD), or allow NOPASSWD in sudoers';
