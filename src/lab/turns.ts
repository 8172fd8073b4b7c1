import type { Writable } from 'node:stream';

/** What ssh2 keeps of a write that waits for the channel's window, of stdout and of stderr. */
const kept = ['_chunk', '_chunkcb', '_chunkErr', '_chunkcbErr'];

/**
 * Writes to the two streams of a channel, one after the other. Where the window is used up, ssh2 goes on with one of
 * them alone; and it forgets nothing of a write that has waited: it would send its end once more when the other stream
 * waits.
 */
export class Turns {
  readonly #channel: Writable;
  #last: Promise<void> = Promise.resolve();

  constructor(channel: Writable) {
    this.#channel = channel;
  }

  /** Resolves once it is taken, or the stream is closed. */
  write(stream: Writable, data: Buffer | string): Promise<void> {
    this.#last = this.#last.then(() => this.#write(stream, data));
    return this.#last;
  }

  #write(stream: Writable, data: Buffer | string): Promise<void> {
    return new Promise((resolve) => {
      if (!stream.writable) {
        resolve();
        return;
      }
      const done = () => {
        this.#channel.off('close', done);
        for (const name of kept) Reflect.set(this.#channel, name, undefined);
        resolve();
      };
      // Callbacks of writes are forgotten with the channel.
      this.#channel.once('close', done);
      stream.write(data, done);
    });
  }
}
