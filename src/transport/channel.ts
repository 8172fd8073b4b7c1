import { PassThrough, Writable, finished, type Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { deferred } from './deferred.ts';
import type { Channel, Exit } from './transport.ts';

/** What runs a command, before it has the habits of our contract. */
export interface Process {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<Exit>;
  /** Ends the link to it from this side. */
  close(): void;
}

/** A channel that keeps bytes until they are read, and ends after both streams were read, or when it is closed here. */
export function channelOver(process: Process): Channel {
  const stdout = feed(process.stdout);
  const stderr = feed(process.stderr);
  const closed = deferred<Exit>();
  const read = Promise.all([process.ended, whenRead(stdout), whenRead(stderr)]).then(([exit]) => exit);
  let over = false;
  const exit = Promise.race([read, closed.promise]).finally(() => (over = true));
  const close = (): void => {
    if (over) return;
    closed.resolve({ kind: 'lost', reason: 'the channel was closed by this side' });
    release(process.stdout, stdout);
    release(process.stderr, stderr);
    process.stdin.destroy();
    process.close();
  };
  return { stdin: process.stdin, stdout, stderr, exit, close };
}

/**
 * An ssh2 channel. `lost` says why the link is gone, if it is.
 * ssh2 emits `close` only after both streams were read, and without a code where none was sent.
 */
export function ssh2Channel(raw: ClientChannel, lost: () => string | undefined): Channel {
  const stdin = stdinOf(raw);
  raw.on('error', () => undefined);
  const ended = new Promise<Exit>((resolve) => {
    raw.on('close', (code: number | null | undefined, signal?: string) => {
      stdin.destroy();
      if (typeof code === 'number') resolve({ kind: 'exited', code });
      else if (signal !== undefined) resolve({ kind: 'signalled', signal });
      else resolve({ kind: 'lost', reason: lost() ?? 'the channel was closed without an exit status' });
    });
  });
  return channelOver({ stdin, stdout: raw, stderr: raw.stderr, ended, close: () => raw.close() });
}

/** A stream of its own, so that its end can be brought about from here and no byte is dropped before it is read. */
function feed(source: Readable): PassThrough {
  const sink = new PassThrough();
  source.pipe(sink);
  // A reader that goes away must not stall the channel: the rest is read and dropped.
  sink.once('close', () => source.resume());
  return sink;
}

/** Ends what {@link feed} made; the rest of the source is read and dropped. */
function release(source: Readable, sink: PassThrough): void {
  source.unpipe(sink);
  source.resume();
  sink.end();
}

/** ssh2 forgets the callbacks of writes that come after the channel's end; this one is destroyed with it. */
function stdinOf(raw: ClientChannel): Writable {
  const stdin = new Writable({
    highWaterMark: 1024 * 1024,
    write: (chunk, _encoding, done) => {
      raw.write(chunk, () => done());
    },
    final: (done) => {
      raw.end();
      done();
    },
  });
  stdin.on('error', () => undefined);
  return stdin;
}

/** Settles when a stream has been read to its end, or was given up. */
function whenRead(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    finished(stream, { writable: false }, () => resolve());
  });
}
