import { spawn, type ChildProcess } from 'node:child_process';
import type { Channel, ExecOptions, ExecResult, Exit, Session } from '../../src/transport/transport.ts';

/** This machine as a node, with the interpreter and the tools that a test chooses, and a link that it can cut. */
export class LocalSession implements Session {
  readonly target = 'here';
  readonly closed: Promise<string>;
  readonly children: ChildProcess[] = [];
  /** Put in front of every command line. */
  before = '';
  private readonly env: NodeJS.ProcessEnv;
  private gone: (reason: string) => void = () => undefined;
  private isGone = false;

  constructor(path?: string) {
    this.env = { ...process.env, PATH: path ?? process.env['PATH'] };
    this.closed = new Promise((resolve) => {
      this.gone = resolve;
    });
  }

  async open(command: string): Promise<Channel> {
    const child = spawn('sh', ['-c', `${this.before}${command}`], { env: this.env });
    this.children.push(child);
    child.stdin.on('error', () => undefined);
    const exit = new Promise<Exit>((resolve) => {
      child.on('close', (code, signal) => {
        if (this.isGone) resolve({ kind: 'lost', reason: 'cut' });
        else if (code === null) resolve({ kind: 'signalled', signal: String(signal) });
        else resolve({ kind: 'exited', code });
      });
    });
    const close = (): void => {
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
    };
    return Promise.resolve({ stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit, close });
  }

  async exec(command: string, options: ExecOptions = {}): Promise<ExecResult> {
    const channel = await this.open(command);
    const chunks = { stdout: new Array<Buffer>(), stderr: new Array<Buffer>() };
    channel.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
    channel.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
    channel.stdin.end(options.stdin ?? '');
    const exit = await channel.exit;
    return { exit, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
  }

  /** The link goes away at once, as when a laptop is closed: whatever the node has to say meets no reader. */
  cut(): void {
    this.isGone = true;
    this.gone('cut');
    for (const child of this.children) {
      child.stdin?.destroy();
      child.stdout?.destroy();
      child.stderr?.destroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    return Promise.resolve();
  }
}
