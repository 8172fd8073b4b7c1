import type { Readable } from 'node:stream';

/** Bytes kept of each end of what is read ahead of a mark, for messages. */
const KEPT = 2048;

/** The beginning and the end of a text, however long it is. */
export class Printed {
  #head = '';
  #tail = '';
  #length = 0;

  add(text: string): void {
    const room = Math.max(0, KEPT - this.#head.length);
    this.#head += text.slice(0, room);
    this.#tail = (this.#tail + text.slice(room)).slice(-KEPT);
    this.#length += text.length;
  }

  clear(): void {
    this.#head = this.#tail = '';
    this.#length = 0;
  }

  get text(): string {
    const hidden = this.#length > this.#head.length + this.#tail.length;
    return `${this.#head}${hidden ? '\n...\n' : ''}${this.#tail}`;
  }
}

export interface MarkReader {
  stop(): void;
  /** What came so far that is no mark. */
  text(): string;
  /** Forgets it. */
  clear(): void;
}

/** What a mark in a stream means; `done`: the rest of the stream is the reader's. */
export type OnMark = () => 'continue' | 'done';

/**
 * Reads a stream as far as a mark that ends it, and gives the rest back to the stream. What comes before marks is kept
 * as far as messages need it.
 */
export function awaitMarks(stream: Readable, marks: Readonly<Record<string, OnMark>>, onEnd: () => void): MarkReader {
  const printed = new Printed();
  const longest = Math.max(...Object.keys(marks).map((mark) => mark.length));
  let ahead: Buffer = Buffer.alloc(0);

  const stop = (): void => {
    stream.off('readable', onReadable).off('end', ended);
  };
  const ended = (): void => {
    printed.add(ahead.toString());
    ahead = Buffer.alloc(0);
    onEnd();
  };
  /** @returns whether a mark was found */
  const next = (): 'none' | ReturnType<OnMark> => {
    const found = Object.keys(marks)
      .map((mark) => ({ mark, at: ahead.indexOf(mark) }))
      .filter(({ at }) => at !== -1)
      .toSorted((a, b) => a.at - b.at)[0];
    if (!found) return 'none';
    printed.add(ahead.toString('utf8', 0, found.at));
    ahead = ahead.subarray(found.at + found.mark.length);
    return marks[found.mark]?.() ?? 'continue';
  };
  const onReadable = (): void => {
    for (let chunk: unknown = stream.read(); chunk !== null; chunk = stream.read()) {
      if (Buffer.isBuffer(chunk)) ahead = ahead.length === 0 ? chunk : Buffer.concat([ahead, chunk]);
      let outcome = next();
      while (outcome === 'continue') outcome = next();
      if (outcome === 'done') {
        // At once: what comes from now on is the command's.
        stop();
        if (ahead.length > 0) stream.unshift(ahead);
        return;
      }
      const passed = Math.max(0, ahead.length - longest + 1);
      printed.add(ahead.toString('utf8', 0, passed));
      ahead = ahead.subarray(passed);
    }
  };
  stream.on('readable', onReadable).on('end', ended);
  return { stop, text: () => `${printed.text}${ahead.toString()}`, clear: () => printed.clear() };
}
