import type { AttemptState } from './attempt.ts';

/** `result`: the file of `$RUNBOOK_OUTPUT`. */
export type Stream = 'stdout' | 'stderr' | 'result';

/** One answer of the program on a node; docs/attempts.md lists them. */
export type Answer =
  | { readonly kind: 'hello'; readonly version: number; readonly uid: number; readonly bootId: string }
  | { readonly kind: 'claimed'; readonly tag: number }
  | { readonly kind: 'launched'; readonly tag: number; readonly pid: number }
  | {
      readonly kind: 'output';
      readonly tag: number;
      readonly stream: Stream;
      readonly offset: number;
      readonly chunk: Buffer;
    }
  | { readonly kind: 'cut'; readonly tag: number; readonly stream: 'stdout' | 'stderr' }
  | { readonly kind: 'state'; readonly tag: number; readonly state: AttemptState }
  | {
      readonly kind: 'item';
      readonly tag: number;
      readonly run: string;
      readonly id: string;
      readonly state: AttemptState;
    }
  | { readonly kind: 'end'; readonly tag: number }
  | { readonly kind: 'refused'; readonly tag: number; readonly code: string; readonly message: string };

/** The other side sent what the protocol does not know. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

const longestLine = 64 * 1024;
const mostNoise = 256 * 1024;

/**
 * Cuts a stream of bytes into answers, however it is split; output is passed on as it comes, never collected.
 * What comes before `hello` is kept as {@link AnswerReader.noise}.
 */
export class AnswerReader {
  noise = '';
  /** Gets, once greeted, what comes instead of answers, and gives back what it does not need. */
  raw: ((data: Buffer) => Buffer) | undefined;
  private readonly take: (answer: Answer) => void;
  private greeted = false;
  private line: Buffer = Buffer.alloc(0);
  private piece: { tag: number; stream: Stream; offset: number; left: number } | undefined;

  constructor(take: (answer: Answer) => void) {
    this.take = take;
  }

  /** @throws ProtocolError, and what `take` throws */
  push(data: Buffer): void {
    let rest = data;
    while (rest.length > 0) rest = this.readFrom(rest);
  }

  private readFrom(data: Buffer): Buffer {
    if (this.piece !== undefined) return this.readPiece(data, this.piece);
    return this.raw !== undefined && this.greeted ? this.raw(data) : this.readLine(data);
  }

  private readPiece(data: Buffer, piece: NonNullable<AnswerReader['piece']>): Buffer {
    const chunk = data.subarray(0, piece.left);
    const { tag, stream, offset } = piece;
    piece.left -= chunk.length;
    piece.offset += chunk.length;
    if (piece.left === 0) this.piece = undefined;
    this.take({ kind: 'output', tag, stream, offset, chunk });
    return data.subarray(chunk.length);
  }

  private readLine(data: Buffer): Buffer {
    const end = data.indexOf(0x0a);
    const part = end === -1 ? data : data.subarray(0, end);
    this.line = this.line.length === 0 ? part : Buffer.concat([this.line, part]);
    if (this.line.length > longestLine) throw new ProtocolError(`a line of more than ${String(longestLine)} bytes`);
    if (end === -1) return data.subarray(data.length);
    const line = this.line.toString('utf8');
    this.line = Buffer.alloc(0);
    this.readAnswer(line);
    return data.subarray(end + 1);
  }

  private readAnswer(line: string): void {
    if (this.greeted) {
      this.handle(parseAnswer(line));
      return;
    }
    // what a login shell prints without a newline is on the same line
    const hello = /hello (?<version>\d+) (?<uid>\d+) (?<bootId>\S+)\r?$/u.exec(line)?.groups;
    if (hello === undefined) {
      this.noise += `${line}\n`;
      if (this.noise.length > mostNoise) throw new ProtocolError('the login printed too much before the program began');
      return;
    }
    this.greeted = true;
    this.take({
      kind: 'hello',
      version: Number(hello['version']),
      uid: Number(hello['uid']),
      bootId: hello['bootId'] ?? '',
    });
  }

  private handle(answer: Answer | PieceHeader): void {
    if (answer.kind !== 'piece') this.take(answer);
    else if (answer.left > 0) this.piece = { ...answer };
  }
}

interface PieceHeader {
  readonly kind: 'piece';
  readonly tag: number;
  readonly stream: Stream;
  readonly offset: number;
  readonly left: number;
}

function parseAnswer(line: string): Answer | PieceHeader {
  const [kind = '', tagWord = '', ...words] = line.split(' ');
  const tag = /^\d+$/u.test(tagWord) ? Number(tagWord) : -1;
  const [first = '', second = '', ...others] = words;
  if (kind === 'claimed' || kind === 'end') return { kind, tag };
  if (kind === 'launched') return { kind, tag, pid: wholeNumber(first, line) };
  if (kind === 'o' || kind === 'e' || kind === 'r') {
    const [offset, left] = [wholeNumber(first, line), wholeNumber(second, line)];
    return { kind: 'piece', tag, stream: kind === 'r' ? 'result' : streamOf(kind), offset, left };
  }
  if (kind === 'cut') return { kind, tag, stream: streamOf(first) };
  if (kind === 'state') return { kind, tag, state: parseState(words, line) };
  if (kind === 'item') return { kind, tag, run: first, id: second, state: parseState(others, line) };
  if (kind === 'refused') return { kind, tag, code: first, message: words.slice(1).join(' ') };
  throw unexpected(line);
}

function streamOf(letter: string): 'stdout' | 'stderr' {
  return letter === 'e' ? 'stderr' : 'stdout';
}

function parseState(words: readonly string[], line: string): AttemptState {
  const [word, argument = ''] = words;
  switch (word) {
    case 'absent':
    case 'never-ran':
    case 'running':
    case 'timed-out':
    case 'cancelled':
      return { kind: word };
    case 'exited':
      return { kind: 'exited', code: wholeNumber(argument, line) };
    case 'interrupted':
      if (argument !== 'rebooted' && argument !== 'same-boot') throw unexpected(line);
      return { kind: 'interrupted', rebooted: argument === 'rebooted' };
    default:
      throw unexpected(line);
  }
}

function wholeNumber(word: string, line: string): number {
  if (!/^\d{1,15}$/u.test(word)) throw unexpected(line);
  return Number(word);
}

function unexpected(line: string): ProtocolError {
  return new ProtocolError(`an answer that the protocol does not know: ${JSON.stringify(line.slice(0, 200))}`);
}
