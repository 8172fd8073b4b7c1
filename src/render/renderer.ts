import type { RunEvent } from '../event.ts';

/** The part of `process.stdout` that is used. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: 'resize' | 'error', listener: (error: Error) => void): unknown;
  off(event: 'resize' | 'error', listener: (error: Error) => void): unknown;
}

export interface RendererOptions {
  readonly output: 'pretty' | 'plain' | 'json';
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Where progress goes (not with `json`): stdout for a command that prints no data. Problems go to stderr always. */
  readonly progress?: 'stdout' | 'stderr';
  readonly color: boolean;
  /** Default: by the locale of this process. */
  readonly unicode?: boolean;
  readonly verbose: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Renderer {
  render(event: RunEvent): void;
  /** Clears the moving part, for a prompt; events are held back until `resume`. */
  pause(): void;
  resume(): void;
  /** Shows what is pending and gives the terminal back. May be called more than once, and after a crash. */
  close(): Promise<void>;
}

/** What renderers get: options with every choice made. */
export interface RenderTarget {
  readonly progress: OutputStream;
  readonly problems: OutputStream;
  readonly color: boolean;
  readonly unicode: boolean;
  readonly verbose: boolean;
  readonly now: () => number;
}

const ignore = (): void => {};

/** A reader that goes away (`| head`) must not end a run: from then on nothing is written there. */
export function survivingReaders(stream: OutputStream): OutputStream {
  stream.off('error', ignore);
  stream.on('error', ignore);
  return stream;
}

/** What is written meets no one any more: the pipe's other end or the terminal is gone. */
const GONE: readonly unknown[] = ['EPIPE', 'ECONNRESET', 'EIO', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'];

export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && GONE.includes(error.code);
}

/** Settles when all that was written so far is flushed, or never can be. */
export function flushed(stream: OutputStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
