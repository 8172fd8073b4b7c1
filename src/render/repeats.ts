export interface Repeated {
  readonly text: string;
  readonly count: number;
}

/** The last lines of an output; a line that comes again at once is counted, not kept twice. */
export class Tail {
  readonly #limit: number;
  #lines: Repeated[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(text: string): void {
    const last = this.#lines.at(-1);
    if (last?.text === text) {
      this.#lines[this.#lines.length - 1] = { text, count: last.count + 1 };
      return;
    }
    this.#lines.push({ text, count: 1 });
    if (this.#lines.length > this.#limit) this.#lines.shift();
  }

  get lines(): readonly Repeated[] {
    return this.#lines;
  }
}

/** For lists that grow: passes a line on when it first comes, and its count when another one follows. */
export class Repeats {
  #last: Repeated | undefined;

  /** What to show now: the end of a repetition (count > 1), then the line, if it is new. */
  push(text: string): { readonly ended?: Repeated; readonly line?: string } {
    if (this.#last?.text === text) {
      this.#last = { text, count: this.#last.count + 1 };
      return {};
    }
    const ended = this.end();
    this.#last = { text, count: 1 };
    return { ...ended, line: text };
  }

  end(): { readonly ended?: Repeated } {
    const last = this.#last;
    this.#last = undefined;
    return last !== undefined && last.count > 1 ? { ended: last } : {};
  }
}

export function repeatedText(line: Repeated, times: string): string {
  return line.count > 1 ? `${line.text} ${times}${line.count}` : line.text;
}
