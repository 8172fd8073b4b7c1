import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.ts';
import { awaitMarks, type MarkReader } from './await-mark.ts';
import { elevationOf, type Elevation } from './become.ts';
import {
  becomeFailure,
  ownerOf,
  PasswordRefused,
  printedLines,
  wantsPassword,
  wrongPassword,
} from './become-errors.ts';
import { Deadline } from './deadline.ts';
import { deferred } from './deferred.ts';
import type { ReadSecret } from './identities.ts';
import { loginWord } from './quote.ts';
import { sentPasswords, type Verdict } from './sent-passwords.ts';
import { shellFailure } from './shell-errors.ts';
import { ConnectionLost, type Channel, type ConnectFailure, type Exit, type Target } from './transport.ts';

export type Open = (command: string) => Promise<Channel>;

/** Milliseconds within which sudo and the like must start a command, unless the target gives its own. */
const BECOME_LIMIT = 30_000;

/**
 * Opens commands under `sh`, elevated as the target's `become` says. A command first prints marks on stdout and stderr
 * that no one can guess; only then is the channel returned, without what came before them. So what a login shell, its
 * start files, sudo or PAM print never reaches a reader, nothing of a command's stdin can be taken for a password, and
 * what did not start it is named: the login shell, within `connectTimeout`, or sudo, within its own limit.
 */
export function begun(open: Open, target: Target, readSecret: ReadSecret): Open {
  return async (command) => {
    const id = randomBytes(12).toString('hex');
    const elevation = elevationOf(target, `runbook-password-${id}:`);
    const marks = { shell: `runbook-shell-${id}:`, begun: `runbook-begun-${id}:` };
    const start = async (): Promise<Channel> => {
      const channel = await open(commandLine(command, marks, elevation));
      await beginning({ channel, target, readSecret, marks, elevation });
      return channel;
    };
    return elevation?.question === undefined ? start() : unlessRefused(target, readSecret, start);
  };
}

/** A method that may ask is not even started again once it was refused: it would count the end of its input, too. */
async function unlessRefused(target: Target, readSecret: ReadSecret, start: () => Promise<Channel>): Promise<Channel> {
  const { host, port, user, jump, become } = target;
  const place = [
    host,
    port,
    user,
    jump.map((hop) => [hop.host, hop.port]),
    become.method,
    become.user,
    become.password,
  ];
  const learn = await sentPasswords(readSecret).claim(JSON.stringify(place));
  let verdict: Verdict = 'unknown';
  try {
    const channel = await start();
    verdict = 'right';
    return channel;
  } catch (error) {
    if (error instanceof PasswordRefused) verdict = { refused: error };
    throw error;
  } finally {
    learn(verdict);
  }
}

async function beginning(options: StartOptions): Promise<void> {
  const start = new Start(options);
  try {
    await start.done;
  } catch (error) {
    options.channel.close();
    throw error;
  } finally {
    start.stop();
  }
}

interface Marks {
  /** Printed by sh before it becomes another user. */
  readonly shell: string;
  readonly begun: string;
}

function commandLine(command: string, marks: Marks, elevation: Elevation | undefined): string {
  const text = `printf %s ${marks.begun}; printf %s ${marks.begun} >&2; ${command}`;
  if (!elevation) return `exec sh -c ${loginWord(text)}`;
  const outer = `printf %s ${marks.shell} >&2; exec ${elevation.words}`;
  return `exec sh -c ${loginWord(outer)} runbook-become ${loginWord(text)}`;
}

interface StartOptions {
  readonly channel: Channel;
  readonly target: Target;
  readonly readSecret: ReadSecret;
  readonly marks: Marks;
  readonly elevation: Elevation | undefined;
}

class Start {
  readonly #options: StartOptions;
  readonly #outcome = deferred<undefined>();
  readonly #stdout: MarkReader;
  readonly #stderr: MarkReader;
  #limit: Deadline;
  /** The marks of streams that are still awaited. */
  #awaited = 2;
  #isShellThere = false;
  #isSent = false;

  constructor(options: StartOptions) {
    this.#options = options;
    const { channel, target, marks, elevation } = options;
    this.#limit = new Deadline(target.connectTimeout, () => this.#outcome.reject(this.#shellFailure({ kind: 'late' })));
    const begun = (): 'done' => {
      this.#awaited -= 1;
      if (this.#awaited === 0) this.#outcome.resolve(undefined);
      return 'done';
    };
    const onEnd = (): void => this.#ended();
    const ofStderr = {
      [marks.begun]: begun,
      [marks.shell]: () => this.#reachedShell(),
      ...(elevation?.question !== undefined && { [elevation.question]: () => this.#asked() }),
    };
    this.#stdout = awaitMarks(channel.stdout, { [marks.begun]: begun }, onEnd);
    this.#stderr = awaitMarks(channel.stderr, ofStderr, onEnd);
  }

  get done(): Promise<undefined> {
    return this.#outcome.promise;
  }

  stop(): void {
    this.#limit.clear();
    this.#stdout.stop();
    this.#stderr.stop();
  }

  #reachedShell(): 'continue' {
    const { target, elevation } = this.#options;
    this.#isShellThere = true;
    this.#stderr.clear();
    this.#limit.clear();
    const limit = target.become.timeout ?? BECOME_LIMIT;
    this.#limit = new Deadline(limit, () => {
      const what = `${elevation?.name} did not start the command within ${limit / 1000} s (become.timeout)`;
      this.#outcome.reject(becomeFailure(target, what, printedLines(this.#stderr.text())));
    });
    return 'continue';
  }

  #asked(): 'continue' {
    const { target } = this.#options;
    // What the start files print in the words of su is no question.
    if (!this.#isShellThere) return 'continue';
    if (target.become.password === undefined) this.#outcome.reject(wantsPassword(target));
    else if (this.#isSent) this.#outcome.reject(wrongPassword(target));
    else this.#limit.pausedWhile(() => this.#answer()).catch((error: unknown) => this.#outcome.reject(error));
    return 'continue';
  }

  async #answer(): Promise<void> {
    const { channel, target, readSecret, elevation } = this.#options;
    try {
      const question = `${elevation?.name} password of ${ownerOf(target)}`;
      const password = await readSecret(target.become.password ?? '', question);
      this.#isSent = true;
      channel.stdin.write(`${password}\n`);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind === 'cancelled') throw error;
      throw becomeFailure(target, `${elevation?.name} asks for a password: ${error.message}`, error.detail);
    }
  }

  #ended(): void {
    const { channel, target } = this.#options;
    // Its end comes only after both streams were read.
    channel.stdout.resume();
    channel.stderr.resume();
    channel.exit.then(
      (exit) =>
        this.#outcome.reject(exit.kind === 'lost' ? new ConnectionLost(target.name, exit.reason) : this.#explain(exit)),
      (error: unknown) => this.#outcome.reject(error),
    );
  }

  #explain(exit: Exclude<Exit, { kind: 'lost' }>): ConnectFailure {
    const code = exit.kind === 'exited' ? exit.code : undefined;
    const { elevation } = this.#options;
    if (!elevation || !this.#isShellThere) return this.#shellFailure({ kind: 'ended', code });
    return elevation.explain({ code, text: this.#stderr.text(), sent: this.#isSent });
  }

  #shellFailure(end: Parameters<typeof shellFailure>[1]): ConnectFailure {
    return shellFailure(this.#options.target, end, `${this.#stdout.text()}\n${this.#stderr.text()}`);
  }
}
