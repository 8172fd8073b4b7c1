import { ConnectionLost, type Channel, type Session } from '../transport/transport.ts';
import { helperCommand, helperProgram, protocolVersion } from './helper.ts';
import { AnswerReader, ProtocolError, type Answer } from './answers.ts';
import { ClaimRefused } from './attempt.ts';

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

const mostStderr = 8 * 1024;

/** Milliseconds until the program greets: a login may be slow, one that hangs must not hold up the run. */
const BEGINS_WITHIN = 60_000;

/** The program of docs/attempts.md, running in one channel; it serves one request at a time. */
export class HelperChannel {
  /** False once the channel is gone or has sent something that cannot be understood. */
  usable = true;
  private readonly channel: Channel;
  private readonly target: string;
  private readonly reader: AnswerReader;
  private stderr = '';
  private greeted = false;
  private tag = 0;
  private pending: Pending | undefined;
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
      if (this.stderr.length < mostStderr) this.stderr += chunk.toString('utf8');
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
    if (!this.usable || this.pending !== undefined) throw new Error('the helper is busy or gone');
    this.tag += 1;
    const tag = this.tag;
    return new Promise((resolve, reject) => {
      this.pending = { tag, request, resolve, reject };
      const header = Buffer.from(`${[request.verb, tag, ...request.words].join(' ')}\n`);
      this.channel.stdin.write(request.payload === undefined ? header : Buffer.concat([header, request.payload]));
    });
  }

  /** Lets the program end. A request under way fails; what runs on the node runs on. */
  async close(): Promise<void> {
    const busy = this.pending !== undefined;
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
    const pending = this.pending;
    this.pending = undefined;
    pending?.reject(reason);
  }
}
