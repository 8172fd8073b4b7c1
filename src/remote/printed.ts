/** Collects what a script prints on a stream, up to a mark that no one can guess and that comes behind it. */
export class Printed {
  readonly #end: RegExp;
  readonly #window: number;
  readonly #chunks: Buffer[] = [];
  /** The last bytes, in which the mark may have begun. */
  #tail: Buffer = Buffer.alloc(0);
  size = 0;

  /** @param end matches the mark and what belongs to it, of at most `window` bytes */
  constructor(end: RegExp, window: number) {
    this.#end = end;
    this.#window = window;
  }

  /** Undefined while the mark has not come; then what was printed before it, its groups, and the bytes behind it. */
  push(
    chunk: Buffer,
  ): { readonly text: Buffer; readonly groups: readonly string[]; readonly rest: Buffer } | undefined {
    const seen = Buffer.concat([this.#tail, chunk]);
    const found = this.#end.exec(seen.toString('latin1'));
    if (!found) {
      const kept = Math.max(0, seen.length - this.#window);
      this.#chunks.push(seen.subarray(0, kept));
      this.#tail = seen.subarray(kept);
      this.size += kept;
      return undefined;
    }
    const text = Buffer.concat([...this.#chunks, seen.subarray(0, found.index)]);
    return { text, groups: found.slice(1), rest: seen.subarray(found.index + found[0].length) };
  }
}
