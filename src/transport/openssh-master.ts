import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Failure } from '../failure.ts';
import { openAskPass, type AskPass } from './askpass.ts';
import { Deadline } from './deadline.ts';
import { deferred } from './deferred.ts';
import type { Place } from './host-key.ts';
import type { ReadSecret } from './identities.ts';
import { opensshConfig, READY } from './openssh-config.ts';
import { answerSsh } from './openssh-answers.ts';
import { explainSsh, whyLost } from './openssh-errors.ts';
import type { AskOperator } from './questions.ts';
import { quote } from './quote.ts';
import { ConnectFailure, type Login } from './transport.ts';

/** A connection of OpenSSH's client that others share by its control socket (ControlMaster in ssh_config(5)). */
export interface Master {
  /** Arguments of `ssh` for one more channel over it. */
  readonly share: readonly string[];
  /** What it last printed on stderr after its login, in lines. */
  readonly printed: readonly string[];
  readonly lost: string | undefined;
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

export interface MasterOptions {
  /** For messages: the node's name, or `jump host USER@ADDRESS`. */
  readonly name: string;
  readonly login: Login;
  readonly place: Place;
  /** The jump host before it. */
  readonly through: Master | undefined;
  readonly readSecret: ReadSecret;
  readonly ask: AskOperator;
  /** Shows what ssh waits for: the touch of a FIDO key. */
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Connects, verifies the host key and logs in, within `login.connectTimeout`. @throws ConnectFailure */
export async function openMaster(options: MasterOptions): Promise<Master> {
  // The path of a socket has at most 104 bytes, and ssh adds 17 to it for a moment.
  const parent = tmpdir().length > 50 ? '/tmp' : tmpdir();
  const folder = await mkdtemp(join(parent, 'runbook-ssh-'));
  const attempt = new Attempt(options, folder);
  try {
    return await attempt.run();
  } catch (error) {
    await attempt.abandon();
    throw error;
  }
}

/**
 * Ends ssh and removes its folder when its stdin ends: also when this program was killed. The arguments are the folder
 * and the command.
 */
const WATCH = `d=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
exec >/dev/null 2>&1
read -r _ <&3
kill $!
wait $!
rm -rf -- "$d"`;

/** Milliseconds that ssh may take to end. */
const GOODBYE = 2000;
const MAX_PRINTED = 64 * 1024;

class Attempt {
  readonly #options: MasterOptions;
  readonly #folder: string;
  readonly #failed = deferred<never>();
  readonly #deadline: Deadline;
  readonly #notes: string[] = [];
  #askPass: AskPass | undefined;
  #master: OpenMaster | undefined;

  constructor(options: MasterOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#failed.promise.catch(() => undefined);
    this.#deadline = new Deadline(options.login.connectTimeout, () =>
      this.#fail('timeout', 'the login did not finish'),
    );
  }

  async run(): Promise<Master> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#fail('unreachable', 'stopped before the connection was ready');
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      const master = await Promise.race([this.#start(), this.#failed.promise]);
      this.#master = master;
      await Promise.race([this.#ready(master), this.#failed.promise]);
      return master;
    } finally {
      this.#deadline.clear();
      this.#askPass?.close();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async abandon(): Promise<void> {
    await this.#master?.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<OpenMaster> {
    const { login, through } = this.#options;
    const config = join(this.#folder, 'config');
    const socket = join(this.#folder, 's');
    const proxy = through ? forwarding(through) : login.proxyCommand?.replaceAll('%', '%%');
    await writeFile(config, opensshConfig(login, proxy), { mode: 0o600 });
    this.#askPass = await openAskPass(this.#folder, async (question) => {
      try {
        return await this.#deadline.pausedWhile(() => answerSsh(question, this.#options, this.#notes));
      } catch (error) {
        this.#failWith(error);
        throw error;
      }
    });
    const command = ['ssh', '-F', config, '-M', '-N', '-S', socket, '--', login.configName ?? login.host];
    return new OpenMaster(this.#folder, socket, command, this.#askPass.program);
  }

  async #ready(master: OpenMaster): Promise<void> {
    if (await master.ready) return;
    // Why a jump host forwards nothing is printed by its own connection.
    const before = this.#options.through?.printed.findLast((line) => line.includes('open failed'));
    throw explainSsh(this.#options, [...(before === undefined ? [] : [before]), ...master.printed], this.#notes);
  }

  #fail(reason: ConnectFailure['reason'], what: string): void {
    const { name, login, place } = this.#options;
    const limit = reason === 'timeout' ? ` within ${login.connectTimeout / 1000} s` : '';
    const detail = [...(this.#master?.printed ?? []).map((line) => `ssh: ${line}`), ...this.#notes];
    this.#failed.reject(new ConnectFailure(name, reason, `${name} (${place.label}): ${what}${limit}`, detail));
  }

  #failWith(error: unknown): void {
    const { name, place } = this.#options;
    // ^C at a prompt is not a failure of the node.
    if (!(error instanceof Failure) || error.kind === 'cancelled') return this.#failed.reject(error);
    const message = `${name} (${place.label}): ${error.message}`;
    return this.#failed.reject(new ConnectFailure(name, 'authentication', message, error.detail, { cause: error }));
  }
}

/** What `ssh -W` over the jump host's connection is called with, as a line for a shell in which ssh expands tokens. */
function forwarding(through: Master): string {
  const words = ['ssh', ...through.share].map((part) => quote(part.replaceAll('%', '%%')));
  return `${words.join(' ')} -W '[%h]:%p' jump`;
}

class OpenMaster implements Master {
  readonly share: readonly string[];
  readonly closed: Promise<string>;
  /** Whether the login is done; false: ssh ended before. */
  readonly ready: Promise<boolean>;
  lost: string | undefined;
  readonly #folder: string;
  readonly #child;
  readonly #ended: Promise<unknown>;
  readonly #gone: (reason: string) => void;
  #printed = '';

  constructor(folder: string, socket: string, command: readonly string[], askPass: string) {
    this.#folder = folder;
    // Without -F /dev/null and a proxy that fails, ssh would connect by itself where the socket is gone.
    this.share = [
      '-F',
      '/dev/null',
      '-S',
      socket,
      '-o',
      'ControlMaster=no',
      '-o',
      'ProxyCommand=false',
      '-o',
      'BatchMode=yes',
    ];
    // A session of its own: ^C at the terminal must not end it, and ssh must not ask there by itself.
    this.#child = execa('sh', ['-c', WATCH, 'sh', folder, ...command], {
      stdio: 'pipe',
      buffer: false,
      reject: false,
      cleanup: false,
      detached: true,
      env: { SSH_ASKPASS: askPass, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: process.env['DISPLAY'] ?? ':0' },
    });
    const { stdin, stdout, stderr } = this.#child;
    const closed = deferred<string>();
    const ready = deferred<boolean>();
    this.closed = closed.promise;
    this.ready = ready.promise;
    this.#gone = (reason) => {
      this.lost ??= reason;
      closed.resolve(this.lost);
      ready.resolve(false);
    };
    stdin.on('error', () => undefined);
    let heard = '';
    stdout.setEncoding('utf8').on('data', (text: string) => {
      heard = (heard + text).slice(-2 * READY.length);
      if (!heard.includes(READY)) return;
      this.#printed = '';
      ready.resolve(true);
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#printed = (this.#printed + text).slice(-MAX_PRINTED);
    });
    // Only ssh and its proxy hold it: its end is theirs.
    stderr.on('close', () => {
      this.#gone(whyLost(this.printed));
      stdin.end();
    });
    this.#ended = this.#child.then(() => this.#gone('ssh could not be started'));
  }

  /** Lines that ssh printed on stderr: before the login was done, and after it. */
  get printed(): string[] {
    return this.#printed
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '');
  }

  async close(): Promise<void> {
    this.#gone('closed');
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#kill(), GOODBYE);
    await this.#ended;
    clearTimeout(timer);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #kill(): void {
    try {
      // The group: the shell, ssh and its proxy.
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }
}
