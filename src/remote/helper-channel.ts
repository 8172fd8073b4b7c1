import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.ts';
import { ConnectionLost, type Channel, type Session } from '../transport/transport.ts';
import { helperCommand, helperProgram, protocolVersion } from './helper.ts';
import { AnswerReader, ProtocolError, type Answer } from './answers.ts';
import { ClaimRefused, type ProbeResult } from './attempt.ts';
import { linesOf } from './payload.ts';
import { Printed } from './printed.ts';

export type TaggedAnswer = Exclude<Answer, { kind: 'hello' }>;
/** The answers that end a request. */
export type LastAnswer = Extract<TaggedAnswer, { kind: 'state' | 'end' | 'refused' }>;

/** One request: its first word, the words after the tag, and what follows its line. */
export interface Request {
  readonly verb: string;
  readonly words: readonly (string | number)[];
  readonly payload?: Buffer;
  /** Every answer but the last one. What it throws fails the request. */
  readonly onAnswer?: (answer: TaggedAnswer) => void;
}

interface Pending {
  readonly tag: number;
  readonly request: Request;
  readonly resolve: (answer: LastAnswer) => void;
  readonly reject: (reason: unknown) => void;
}

/** A script that is read at once: what it prints on each stream, up to its marks. */
interface Script {
  readonly stdout: Printed;
  readonly stderr: Printed;
  readonly ended: { stdout?: string; stderr?: string; code?: number };
  readonly resolve: (result: ProbeResult) => void;
  readonly reject: (reason: unknown) => void;
}

const mostStderr = 8 * 1024;

/** Bytes of each stream of a script. */
const mostPrinted = 256 * 1024 * 1024;

/** Milliseconds until the program greets: a login may be slow, one that hangs must not hold up the run. */
const BEGINS_WITHIN = 60_000;

/** The program of docs/attempts.md, running in one channel; it serves one request at a time. */
export class HelperChannel {
  /** False once the channel is gone or has sent something that cannot be understood. */
  usable = true;
  /** Whether it has started the supervisor of the next attempt. */
  hasStarted = false;
  private readonly channel: Channel;
  private readonly target: string;
  private readonly reader: AnswerReader;
  private stderr = '';
  private greeted = false;
  private tag = 0;
  private pending: Pending | undefined;
  private script: Script | undefined;
  private readonly limit: NodeJS.Timeout;

  /** Does not wait for the program's answer. @throws ConnectionLost */
  static async open(session: Session, root: string): Promise<HelperChannel> {
    const channel = await session.open(helperCommand(root));
    const helper = new HelperChannel(channel, session.target);
    void session.closed.then((reason) => {
      helper.fail(new ConnectionLost(session.target, reason));
    });
    channel.stdin.write(helperProgram);
    return helper;
  }

  private constructor(channel: Channel, target: string) {
    this.channel = channel;
    this.target = target;
    this.limit = setTimeout(() => {
      this.fail(new ConnectionLost(target, `sh did not start there within ${String(BEGINS_WITHIN / 1000)} s`));
      channel.close();
    }, BEGINS_WITHIN);
    this.limit.unref();
    this.reader = new AnswerReader((answer) => {
      this.answered(answer);
    });
    channel.stdin.on('error', () => undefined);
    channel.stderr.on('data', (chunk: Buffer) => {
      if (this.script) this.printedError(this.script, chunk);
      else if (this.stderr.length < mostStderr) this.stderr += chunk.toString('utf8');
    });
    channel.stdout.on('data', (chunk: Buffer) => {
      this.read(chunk);
    });
    void channel.exit.then((exit) => {
      const how = exit.kind === 'lost' ? exit.reason : 'the program on the node ended before it had answered';
      this.fail(this.greeted || exit.kind === 'lost' ? new ConnectionLost(target, how) : this.neverBegan());
    });
  }

  /** Waits for the last answer. @throws ConnectionLost | ClaimRefused (the program does not run) | ProtocolError */
  async ask(request: Request): Promise<LastAnswer> {
    const tag = this.next();
    return new Promise((resolve, reject) => {
      this.pending = { tag, request, resolve, reject };
      this.send([request.verb, tag, ...request.words], request.payload);
    });
  }

  /**
   * Runs a script at once, not durable. Past `timeout` milliseconds it is given up with the channel.
   * @throws ConnectionLost | ClaimRefused (the program does not run) | Failure (it printed too much)
   */
  async probe(script: string, timeout?: number): Promise<ProbeResult> {
    const tag = this.next();
    const [end, mark] = [randomBytes(6).toString('hex'), `runbook-end-${randomBytes(12).toString('hex')}`];
    const payload = Buffer.from(`${script}\n# ${end}\n`);
    const expire = (ms: number): void => {
      this.fail(new ConnectionLost(this.target, `it did not end within ${ms / 1000} s`));
      this.channel.close();
    };
    const timer = timeout === undefined ? undefined : setTimeout(() => expire(timeout), timeout);
    try {
      return await new Promise((resolve, reject) => {
        const stdout = new Printed(new RegExp(`${mark} (\\d+)\n`), mark.length + 5);
        const running = { stdout, stderr: new Printed(new RegExp(mark), mark.length), ended: {}, resolve, reject };
        this.script = running;
        this.reader.raw = (data) => this.printed(running, data);
        this.send(['probe', tag, payload.length, linesOf(payload), end, mark], payload);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  private next(): number {
    if (!this.usable || this.pending !== undefined || this.script) throw new Error('the helper is busy or gone');
    this.tag += 1;
    return this.tag;
  }

  private send(words: readonly (string | number)[], payload?: Buffer): void {
    const header = Buffer.from(`${words.join(' ')}\n`);
    this.channel.stdin.write(payload === undefined ? header : Buffer.concat([header, payload]));
  }

  private printed(script: Script, data: Buffer): Buffer {
    const end = script.stdout.push(data);
    if (!end) return this.limited(script.stdout);
    this.reader.raw = undefined;
    script.ended.stdout = end.text.toString('utf8');
    script.ended.code = Number(end.groups[0]);
    this.ended(script);
    return end.rest;
  }

  private printedError(script: Script, data: Buffer): void {
    const end = script.stderr.push(data);
    if (!end) {
      this.limited(script.stderr);
      return;
    }
    script.ended.stderr = end.text.toString('utf8');
    this.ended(script);
  }

  private limited({ size }: Printed): Buffer {
    if (size > mostPrinted) {
      this.fail(new Failure('step-failed', `${this.target}: a command printed more than ${mostPrinted} bytes`));
      this.channel.close();
    }
    return Buffer.alloc(0);
  }

  /** Both streams end at their marks, in any order. */
  private ended({ ended: { stdout, stderr, code }, resolve }: Script): void {
    if (stdout === undefined || stderr === undefined || code === undefined) return;
    this.script = undefined;
    resolve({ code, stdout, stderr });
  }

  /** Lets the program end. A request under way fails; what runs on the node runs on. */
  async close(): Promise<void> {
    const busy = this.pending !== undefined || this.script !== undefined;
    this.fail(new ConnectionLost(this.target, 'closed'));
    this.channel.stdin.end();
    if (busy) this.channel.close();
    await this.channel.exit;
  }

  private read(chunk: Buffer): void {
    if (!this.usable) return;
    try {
      this.reader.push(chunk);
    } catch (error) {
      this.fail(error instanceof ProtocolError ? new ProtocolError(`${this.target}: ${error.message}`) : error);
      this.channel.close();
    }
  }

  private answered(answer: Answer): void {
    if (answer.kind === 'hello') {
      if (answer.version !== protocolVersion)
        throw new ProtocolError(`version ${String(answer.version)} of the protocol`);
      this.greeted = true;
      clearTimeout(this.limit);
      return;
    }
    const pending = this.pending;
    if (pending?.tag !== answer.tag)
      throw new ProtocolError(`an answer to a request that was not made: ${answer.kind}`);
    if (answer.kind === 'state' || answer.kind === 'end' || answer.kind === 'refused') {
      this.pending = undefined;
      if (pending.request.verb === 'start' || pending.request.verb === 'prepare') this.hasStarted = true;
      // after that answer the program ends by itself
      if (pending.request.verb === 'start' && answer.kind === 'state' && answer.state.kind === 'running')
        this.usable = false;
      pending.resolve(answer);
    } else {
      pending.request.onAnswer?.(answer);
    }
  }

  private neverBegan(): ClaimRefused {
    const printed = `${this.reader.noise}${this.stderr}`.trim();
    return new ClaimRefused(
      `${this.target}: sh could not be started on the node: ${printed === '' ? 'it printed nothing' : printed}`,
    );
  }

  private fail(reason: unknown): void {
    this.usable = false;
    clearTimeout(this.limit);
    const { pending, script } = this;
    this.pending = undefined;
    this.script = undefined;
    pending?.reject(reason);
    script?.reject(reason);
  }
}
