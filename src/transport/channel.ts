import { PassThrough, Writable, finished, type Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Channel, Exit } from './transport.ts';

/**
 * An ssh2 channel with the habits of our contract. `lost` says why the link is gone, if it is.
 * ssh2 emits `close` only after both streams were read, and then with `undefined` in place of a code where nobody told one.
 */
export function wrapChannel(raw: ClientChannel, lost: () => string | undefined): Channel {
  const stdout = feed(raw);
  const stderr = feed(raw.stderr);
  const stdin = stdinOf(raw);
  raw.on('error', () => undefined);

  let exit: Exit | undefined;
  const closed = new Promise<Exit>((resolve) => {
    raw.on('close', (code: number | null | undefined, signal?: string) => {
      stdin.destroy();
      resolve(exitOf(code, signal, lost));
    });
  });
  const ended = Promise.all([closed, whenRead(stdout), whenRead(stderr)]).then(([how]) => how);
  let closeIt = (): void => undefined;
  const closedHere = new Promise<Exit>((resolve) => {
    closeIt = () => resolve({ kind: 'lost', reason: 'the channel was closed by this side' });
  });

  return {
    stdin,
    stdout,
    stderr,
    exit: Promise.race([ended, closedHere]).then((how) => (exit ??= how)),
    close: () => {
      if (exit) return;
      closeIt();
      release(raw, stdout);
      release(raw.stderr, stderr);
      stdin.destroy();
      raw.close();
    },
  };
}

function exitOf(code: number | null | undefined, signal: string | undefined, lost: () => string | undefined): Exit {
  if (typeof code === 'number') return { kind: 'exited', code };
  if (signal !== undefined) return { kind: 'signalled', signal };
  return { kind: 'lost', reason: lost() ?? 'the channel was closed without an exit status' };
}

/** A stream of its own, so that its end can be brought about from here and no byte is dropped before it is read. */
export function feed(source: Readable): PassThrough {
  const sink = new PassThrough();
  source.pipe(sink);
  // A reader that goes away must not stall the channel: the rest is read and dropped.
  sink.once('close', () => source.resume());
  return sink;
}

/** Ends what {@link feed} made; the rest of the source is read and dropped. */
export function release(source: Readable, sink: PassThrough): void {
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
export function whenRead(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    finished(stream, { writable: false }, () => resolve());
  });
}
