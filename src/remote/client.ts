import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { sha256 } from '../digest.ts';
import { quote } from '../transport/quote.ts';
import { type Channel, ConnectionLost, type Session } from '../transport/transport.ts';
import { HelperPool } from './helper-pool.ts';
import type { LastAnswer, Request, TaggedAnswer } from './helper-channel.ts';
import { ProtocolError } from './answers.ts';
import { linesOf } from './payload.ts';
import {
  AlreadyClaimed,
  ClaimRefused,
  StaleEpoch,
  StaleLock,
  type AttemptSpec,
  type AttemptState,
  type FollowFrom,
  type OutputSink,
  type ProbeResult,
  type RemoteNode,
} from './attempt.ts';

export interface RemoteOptions {
  /** The folder on the node that keeps attempts; a leading `~/` is the login's home. */
  readonly root: string;
  /** Attempts that are followed at a time; 3 unless given, for a connection has only so many channels. */
  readonly attempts?: number;
}

/**
 * The durable attempts of the node behind a session. Nothing is sent before the first verb is used; the session stays
 * the caller's to close.
 */
export async function openRemoteNode(session: Session, options: RemoteOptions): Promise<RemoteNode> {
  return Promise.resolve(new Client(session, options));
}

/** Bytes of a script that a shell can be given in a variable. */
const MOST_VARIABLE = 96 * 1024;

const FROM_START: FollowFrom = { stdout: 0, stderr: 0 };

class Client implements RemoteNode {
  private readonly session: Session;
  private readonly pool: HelperPool;

  constructor(session: Session, { root, attempts }: RemoteOptions) {
    this.session = session;
    this.pool = new HelperPool(session, root, attempts);
  }

  async start(spec: AttemptSpec, sink: OutputSink): Promise<AttemptState> {
    const payload = Buffer.from(`${spec.script.replace(/\n+$/u, '')}\n`, 'utf8');
    const digest = sha256(payload);
    const { run, id, epoch, onTimeout, maxOutput, lock, secrets = {} } = spec;
    const limits = [epoch, seconds(spec.timeout), onTimeout, maxOutput];
    const held = lock ? [lock.fence, named(lock.id), named(lock.domain)] : [0, '-', '-'];
    const hidden = Object.entries(secrets).map(([name, value]) => secretLine(named(name), value));
    const words = [named(run), named(id), ...limits, payload.length, digest, linesOf(payload), ...held, hidden.length];
    return this.followed({ verb: 'start', words, payload: Buffer.concat([payload, ...hidden]) }, sink, FROM_START);
  }

  async follow(run: string, id: string, from: FollowFrom, sink: OutputSink, timeout = 0): Promise<AttemptState> {
    const words = [named(run), named(id), from.stdout, from.stderr, seconds(timeout)];
    return this.followed({ verb: 'follow', words }, sink, from);
  }

  async status(run: string, id: string): Promise<AttemptState> {
    return this.stateOf({ verb: 'status', words: [named(run), named(id)] });
  }

  async cancel(run: string, id: string): Promise<AttemptState> {
    return this.stateOf({ verb: 'cancel', words: [named(run), named(id)] });
  }

  async list(run?: string): Promise<readonly { run: string; id: string; state: AttemptState }[]> {
    const items: { run: string; id: string; state: AttemptState }[] = [];
    const onAnswer = (answer: TaggedAnswer): void => {
      if (answer.kind === 'item') items.push({ run: answer.run, id: answer.id, state: answer.state });
    };
    await this.ask({ verb: 'list', words: [run === undefined ? '-' : named(run)], onAnswer });
    return items;
  }

  async sweep(run: string): Promise<void> {
    await this.ask({ verb: 'sweep', words: [named(run)] });
  }

  async prepare(run: string, ids: readonly string[]): Promise<void> {
    await this.pool.prepare([named(run), ...ids.map(named)]);
  }

  async probe(script: string, options: { readonly timeout?: number } = {}): Promise<ProbeResult> {
    // Linux takes no variable of 128 KiB (MAX_ARG_STRLEN).
    if (Buffer.byteLength(script) > MOST_VARIABLE) return this.exec(script, options);
    try {
      return await this.pool.probe(script, options.timeout);
    } catch (error) {
      // The program does not begin there: what the script itself needs may be there all the same.
      if (!(error instanceof ClaimRefused)) throw error;
      return this.exec(script, options);
    }
  }

  /** The same by a channel of its own. */
  private async exec(script: string, options: { readonly timeout?: number }): Promise<ProbeResult> {
    const mark = `runbook-end-${randomBytes(12).toString('hex')}`;
    const { exit, stdout, stderr } = await this.session.exec(probeCommand(mark), { ...options, stdin: script });
    if (exit.kind === 'lost') throw new ConnectionLost(this.session.target, exit.reason);
    const [own, code] = beforeMark(stdout.toString('utf8'), mark);
    const [errors] = beforeMark(stderr.toString('utf8'), mark);
    const ended = exit.kind === 'exited' ? exit.code : codeOfSignal(exit.signal);
    if (code === undefined && ended === 0) throw new ProtocolError(`${this.session.target}: an answer without its end`);
    return { code: code ?? ended, stdout: own, stderr: errors };
  }

  async open(command: string): Promise<Channel> {
    return this.session.open(command);
  }

  async close(): Promise<void> {
    await this.pool.close();
  }

  private async followed(request: Request, sink: OutputSink, from: FollowFrom): Promise<AttemptState> {
    const result: Buffer[] = [];
    const state = await this.stateOf({ ...request, onAnswer: output(sink, from, result) });
    if (result.length > 0) sink.result?.(Buffer.concat(result));
    return state;
  }

  private async stateOf(request: Request): Promise<AttemptState> {
    const answer = await this.ask(request);
    if (answer.kind !== 'state') throw new ProtocolError(`${answer.kind} in answer to ${request.verb}`);
    return answer.state;
  }

  private async ask(request: Request): Promise<LastAnswer> {
    const answer = await this.pool.ask(request);
    if (answer.kind === 'refused') throw refusal(this.session.target, answer.code, answer.message);
    return answer;
  }
}

/**
 * Runs the script on stdin, and prints the mark and its exit status behind what it printed: what the traps of a login
 * shell print or exit with is no part of the answer.
 */
function probeCommand(mark: string): string {
  const program = `(eval "$(cat)"); c=$?; printf '%s %s\\n' $1 $c; printf %s $1 >&2; exit $c`;
  return `sh -c ${quote(program)} runbook-probe ${mark}`;
}

/** What was printed before the mark, and the exit status behind it. */
function beforeMark(text: string, mark: string): [own: string, code?: number] {
  const end = text.lastIndexOf(mark);
  if (end === -1) return [text];
  const [, code] = /^ (\d+)\n/.exec(text.slice(end + mark.length)) ?? [];
  return code === undefined ? [text.slice(0, end)] : [text.slice(0, end), Number(code)];
}

function refusal(target: string, code: string, message: string): Error {
  if (code === 'already-claimed') return new AlreadyClaimed(`${target}: the attempt exists there already`);
  if (code === 'stale-epoch')
    return new StaleEpoch(`${target}: a newer controller has taken this run over (epoch ${message})`);
  if (code === 'stale-lock') return new StaleLock(`${target}: ${message}`);
  const what = { 'no-space': 'no space left', damaged: 'damaged on its way', io: 'refused' }[code] ?? code;
  return new ClaimRefused(`${target}: ${what}: ${message}`);
}

/** Hands each byte on once; a piece that does not continue the stream is a bug on the other side. */
function output(sink: OutputSink, from: FollowFrom, result: Buffer[]): (answer: TaggedAnswer) => void {
  const next = { ...from, result: 0 };
  return (answer) => {
    if (answer.kind === 'cut') sink.cut?.(answer.stream);
    if (answer.kind !== 'output') return;
    if (answer.offset !== next[answer.stream]) throw new ProtocolError(`output from offset ${String(answer.offset)}`);
    next[answer.stream] += answer.chunk.length;
    if (answer.stream === 'result') result.push(answer.chunk);
    else sink[answer.stream](answer.chunk);
  };
}

/** A value without blanks and control characters, as `%b` of printf (POSIX) takes it: `\0` and three octal digits. */
function secretLine(name: string, value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.includes(0)) throw new Error('a secret must have no NUL');
  const plain = bytes
    .toString('latin1')
    .replaceAll(/[^!-[\]-~]/g, (char) => `\\0${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return Buffer.from(`${name} ${String(bytes.length)} ${plain}\n`);
}

function named(name: string): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/u.test(name))
    throw new Error(`not a name of a run or attempt: ${JSON.stringify(name)}`);
  return name;
}

/** A node counts in whole seconds; a part of one is a whole one. */
function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}

function codeOfSignal(signal: string): number {
  const numbers: Readonly<Record<string, number | undefined>> = constants.signals;
  return 128 + (numbers[signal] ?? numbers[`SIG${signal}`] ?? 0);
}
