import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { RedactedBytes } from '../redact.ts';
import { type Outputs, parseOutputs } from './outputs.ts';
import { KNOWN_LINES } from '../known/text.ts';
import { makeFolderSync } from '../make-folder.ts';
import type { OutputSink } from '../remote/attempt.ts';

const TAIL_LINES = 20;
/** Of these, so many characters: enough for what is looked for, and little for every step that runs. */
const RECENT_LINE = 2048;
/** A line longer than this is shown in pieces: output without newlines must not grow in memory. */
const MAX_LINE = 16_384;

/**
 * Takes one attempt's output: bytes to its log, lines to who watches, the last lines kept for a failure's message; all
 * of it without secrets. The offsets are those of the output as the node has it.
 */
export class AttemptOutput implements OutputSink {
  readonly #write: (chunk: Buffer) => void;
  readonly #streams: { readonly stdout: LineSplitter; readonly stderr: LineSplitter };
  readonly #redacted = { stdout: new RedactedBytes(), stderr: new RedactedBytes() };
  readonly #tail: string[] = [];
  readonly #recent: string[] = [];
  readonly offsets = { stdout: 0, stderr: 0 };
  /** What its script wrote to `$RUNBOOK_OUTPUT`; it is shown nowhere. */
  outputs: Outputs | undefined;

  result(bytes: Buffer): void {
    this.outputs = parseOutputs(bytes);
  }

  constructor(write: (chunk: Buffer) => void, emit: (stream: 'stdout' | 'stderr', text: string) => void) {
    this.#write = write;
    const lines = (stream: 'stdout' | 'stderr') => (text: string) => {
      this.#remember(text);
      emit(stream, text);
    };
    this.#streams = { stdout: new LineSplitter(lines('stdout')), stderr: new LineSplitter(lines('stderr')) };
  }

  stdout(chunk: Buffer): void {
    this.#take('stdout', chunk);
  }

  stderr(chunk: Buffer): void {
    this.#take('stderr', chunk);
  }

  /** Tells what is left without a newline. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#pass(stream, this.#redacted[stream].end());
      this.#streams[stream].end();
    }
  }

  tail(): string[] {
    return [...this.#tail];
  }

  /** Its last lines, as far as known texts are looked for. */
  recent(): string[] {
    return this.#recent.slice(-KNOWN_LINES);
  }

  #take(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this.offsets[stream] += chunk.length;
    this.#pass(stream, this.#redacted[stream].push(chunk));
  }

  #pass(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#write(bytes);
    this.#streams[stream].push(bytes);
  }

  #remember(text: string): void {
    const lines = text.replace(/\n$/, '').split('\n');
    this.#tail.push(...lines.slice(-TAIL_LINES));
    this.#tail.splice(0, this.#tail.length - TAIL_LINES);
    for (const line of lines.slice(-KNOWN_LINES))
      this.#recent.push(line.length > RECENT_LINE ? line.slice(0, RECENT_LINE) : line);
    // Not with every line: it moves all that stay.
    if (this.#recent.length > 2 * KNOWN_LINES) this.#recent.splice(0, this.#recent.length - KNOWN_LINES);
  }
}

class LineSplitter {
  readonly #emit: (text: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(emit: (text: string) => void) {
    this.#emit = emit;
  }

  push(chunk: Buffer): void {
    const text = this.#rest + this.#decoder.write(chunk);
    const end = text.lastIndexOf('\n');
    if (end === -1 && text.length < MAX_LINE) {
      this.#rest = text;
      return;
    }
    const cut = end === -1 ? text.length : end + 1;
    this.#rest = text.slice(cut);
    this.#emit(text.slice(0, cut));
  }

  end(): void {
    const text = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (text !== '') this.#emit(text);
  }
}

/** Appends bytes to a log file, synchronously: output faster than the disk waits in the connection, not in memory. */
export function openLog(file: string): { write: (chunk: Buffer) => void; close: () => void } {
  makeFolderSync(dirname(file));
  // Truncated on purpose: an attempt is always followed from its first byte when it is taken up again.
  const fd = openSync(file, 'w', 0o600);
  return {
    write: (chunk) => {
      for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
    },
    close: () => {
      closeSync(fd);
    },
  };
}
