/** Bytes are strings of which each character is one (latin1), as just-bash has them. */

/** What a command reads: shared by all that are started one after another. */
export class Input {
  #bytes: string;
  #at = 0;

  constructor(bytes: string) {
    this.#bytes = bytes;
  }

  /** All that is left. */
  rest(): string {
    const left = this.#at === 0 ? this.#bytes : this.#bytes.slice(this.#at);
    this.#at = this.#bytes.length;
    return left;
  }

  /** The next line without its end; `ended`: no newline followed. */
  line(): { readonly text: string; readonly ended: boolean } {
    const end = this.#bytes.indexOf('\n', this.#at);
    if (end < 0) return { text: this.rest(), ended: true };
    const text = this.#bytes.slice(this.#at, end);
    this.#at = end + 1;
    return { text, ended: false };
  }
}

export interface Streams {
  readonly input: Input;
  readonly out: (bytes: string) => void;
  readonly err: (bytes: string) => void;
}

// oxlint-disable-next-line no-control-regex -- bytes
const WIDE = /[^\x00-\x7f]/;

export function bytesOf(text: string): string {
  return WIDE.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

export function textOf(bytes: string): string {
  return WIDE.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}
