import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { Transform, type TransformCallback } from 'node:stream';
import { loginWord } from './quote.ts';
import type { Exit } from './transport.ts';

/** What the shell prints on stderr when a command has ended, before its exit status: no one can guess it. */
export const newMark = (): string => `runbook-ended-${randomBytes(12).toString('hex')}:`;

/**
 * The line for a login shell that runs `command` and reports how it ended. OpenSSH's client exits with 255 for a
 * command's 255, for a signal and for its own failure alike: the mark distinguishes them.
 */
export function reporting(mark: string, command: string): string {
  // What the shell itself prints of a child that a signal ended is not the command's.
  const script = `exec 3>&2 2>/dev/null; (exec sh -c "$1" 2>&3 3>&-); printf '%s%d;' '${mark}' $? >&3`;
  return `exec sh -c ${loginWord(script)} runbook-report ${loginWord(command)}`;
}

/** Bytes from the start of stderr that are kept for messages. */
const KEPT = 4096;

/** stderr without the mark. */
export class MarkedStderr extends Transform {
  readonly #mark: Buffer;
  #held: Buffer = Buffer.alloc(0);
  #exit: Exit | undefined;
  #start = '';

  constructor(mark: string) {
    super();
    this.#mark = Buffer.from(mark);
  }

  /** How the command ended; undefined where its mark did not come. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** What was printed first. */
  get start(): string {
    return this.#start;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#start.length < KEPT) this.#start += chunk.toString('utf8', 0, KEPT);
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = this.#exit ? -1 : this.#held.indexOf(this.#mark);
    if (at !== -1) this.#takeOut(at);
    const keep = this.#exit ? 0 : this.#startOfMark();
    this.push(this.#held.subarray(0, this.#held.length - keep));
    this.#held = this.#held.subarray(this.#held.length - keep);
    done();
  }

  override _flush(done: TransformCallback): void {
    this.push(this.#held);
    done();
  }

  #takeOut(at: number): void {
    const after = at + this.#mark.length;
    const [word, code] = /^(\d{1,3});/.exec(this.#held.toString('latin1', after, after + 4)) ?? [];
    if (word === undefined) return;
    this.#exit = exitOf(Number(code));
    this.#held = Buffer.concat([this.#held.subarray(0, at), this.#held.subarray(after + word.length)]);
  }

  /** How many bytes at the end may belong to a mark that is not there yet as a whole. */
  #startOfMark(): number {
    const at = this.#held.indexOf(this.#mark);
    if (at !== -1) return this.#held.length - at;
    for (let length = Math.min(this.#mark.length - 1, this.#held.length); length > 0; length--) {
      if (this.#held.subarray(-length).equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }
}

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** POSIX shells report a child that signal N ended as 128 + N. */
function exitOf(code: number): Exit {
  const signal = code > 128 ? SIGNALS.get(code - 128) : undefined;
  return signal === undefined ? { kind: 'exited', code } : { kind: 'signalled', signal };
}
