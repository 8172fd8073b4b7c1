import { Duplex, type Readable } from 'node:stream';
import { execa } from 'execa';

/** Bytes of a command's stderr that are kept for a message. */
const KEPT = 4096;

/** The command whose stdin and stdout are the connection has ended, or could not be started. */
export class ProxyCommandEnded extends Error {
  override readonly name = 'ProxyCommandEnded';
}

/**
 * Starts a command as ssh does with a ProxyCommand (ssh_config(5)): by the user's shell, with `exec` before it. It is a
 * process group of its own, so that ^C in the terminal does not end the connection, and ends with the stream. When it
 * ends by itself, the stream is destroyed with {@link ProxyCommandEnded}.
 */
export function dialByCommand(command: string, env: NodeJS.ProcessEnv = process.env): ProxyStream {
  return new ProxyStream(command, env['SHELL'] || '/bin/sh');
}

export class ProxyStream extends Duplex {
  readonly #command: string;
  readonly #child;
  #stderr = '';
  #ended = false;

  constructor(command: string, shell: string) {
    super({ allowHalfOpen: true });
    this.#command = command;
    const options = { stdio: 'pipe', buffer: false, reject: false, detached: true, cleanup: false } as const;
    this.#child = execa(shell, ['-c', `exec ${command}`], options);
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
    stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-KEPT)));
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    void this.#watch(stdout);
  }

  /** What it printed on stderr, by lines, the last of them. */
  notes(): string[] {
    const lines = this.#stderr.split(/[\r\n]+/).filter((line) => line.trim() !== '');
    return [`ProxyCommand: ${this.#command}`, ...lines.slice(-5).map((line) => `  it printed: ${line}`)];
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // After its end, the reason comes from there.
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    if (!this.#ended) end(this.#child.pid);
    this.#child.unref();
    done(error);
  }

  async #watch(stdout: Readable): Promise<void> {
    const result = await this.#child;
    this.#ended = true;
    if (this.destroyed) return;
    // What it wrote before its end is read first: it may be a farewell of the server.
    if (!stdout.readableEnded && !stdout.destroyed) await new Promise((resolve) => stdout.once('close', resolve));
    const how = result.exitCode === undefined ? (result.signal ?? result.shortMessage) : `exit ${result.exitCode}`;
    if (this.writableEnded) return void this.destroy();
    this.destroy(new ProxyCommandEnded(`the ProxyCommand ended (${how ?? 'it could not be started'})`));
  }
}

/** The whole process group: a pipeline, or a shell that did not `exec`, has children. */
function end(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // it has ended by itself
  }
}
