import stringWidth from 'string-width';
import type { OutputStream } from '../../src/render/renderer.ts';

/** A stream that keeps what is written; no terminal. */
export class Sink implements OutputStream {
  readonly isTTY: boolean = false;
  columns: number | undefined;
  rows: number | undefined;
  text = '';
  readonly #listeners = new Map<string, Set<(error: Error) => void>>();

  write(text: string, done?: () => void): boolean {
    this.text += text;
    done?.();
    return true;
  }

  on(event: string, listener: (error: Error) => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: (error: Error) => void): void {
    this.#listeners.get(event)?.delete(listener);
  }

  listeners(event: string): number {
    return this.#listeners.get(event)?.size ?? 0;
  }

  emit(event: string): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(new Error(event));
  }
}

const SEQUENCE = /^\u001b\[(\?)?(\d*)([A-Za-z])/;

/** As much of a terminal as the renderer may use; any other escape sequence or a line that wraps is an error. */
export class Terminal extends Sink {
  override readonly isTTY = true;
  override columns: number;
  override rows: number;
  cursorShown = true;
  #lines: string[] = [''];
  /** Rows that a resize broke: the next one belongs to them. */
  #broken = new Set<number>();
  /** Index of the first row of the screen in all lines. */
  #top = 0;
  #row = 0;
  /** What this row shows left of the cursor. */
  #left = '';

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  get screen(): string[] {
    return this.#lines.slice(this.#top).map((line) => line.trimEnd());
  }

  /** The screen and what has scrolled away above it. */
  get all(): string[] {
    return this.#lines.map((line) => line.trimEnd());
  }

  /**
   * As tmux does it: lines are broken or joined again, and the cursor stays where it was in the text. A row that was
   * broken is joined with the next one when there is room, whatever was written over it, until it is cleared whole.
   */
  resize(columns: number, rows: number): void {
    const whole: { text: string; current: boolean }[] = [];
    for (const [index, line] of this.#lines.entries()) {
      const last = whole.at(-1);
      const current = index === this.#row;
      if (last && this.#broken.has(index - 1))
        whole[whole.length - 1] = { text: last.text + line, current: last.current || current };
      else whole.push({ text: line, current });
    }
    this.#broken.clear();
    const rowsNow = whole.flatMap(({ text, current }) => {
      const parts: string[] = [''];
      for (const character of text) {
        const last = parts.at(-1) ?? '';
        if (stringWidth(last + character) > columns) parts.push(character);
        else parts[parts.length - 1] = last + character;
      }
      return parts.map((part, index) => ({ part, current, broken: index < parts.length - 1 }));
    });
    for (const [index, { broken }] of rowsNow.entries()) if (broken) this.#broken.add(index);
    this.#lines = rowsNow.map(({ part }) => part);
    this.#row = rowsNow.findLastIndex(({ current }) => current);
    this.#top = Math.max(0, this.#row - rows + 1);
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }

  override write(text: string, done?: () => void): boolean {
    super.write(text);
    let rest = text;
    while (rest !== '') rest = this.#take(rest);
    done?.();
    return true;
  }

  #take(text: string): string {
    if (text.startsWith('\n')) return this.#newline(text.slice(1));
    if (text.startsWith('\r')) {
      this.#left = '';
      return text.slice(1);
    }
    if (text.startsWith('\u001b')) return this.#sequence(text);
    const plain = /^[^\u001b\r\n]+/.exec(text)?.[0] ?? '';
    if (/[\u0000-\u001f\u007f-\u009f]/.test(plain)) throw new Error(`control character in ${JSON.stringify(plain)}`);
    this.#left += plain;
    if (stringWidth(this.#left) > this.columns) throw new Error(`wider than ${this.columns}: ${this.#left}`);
    this.#lines[this.#row] = this.#left + (this.#lines[this.#row] ?? '').slice(this.#left.length);
    return text.slice(plain.length);
  }

  #newline(rest: string): string {
    this.#row += 1;
    this.#left = '';
    this.#lines[this.#row] ??= '';
    if (this.#row - this.#top >= this.rows) this.#top = this.#row - this.rows + 1;
    return rest;
  }

  #sequence(text: string): string {
    const [whole, mark, number, letter] = SEQUENCE.exec(text) ?? [];
    if (whole === undefined) throw new Error(`unknown sequence in ${JSON.stringify(text.slice(0, 20))}`);
    if (mark === '?' && number === '25') this.cursorShown = letter === 'h';
    else if (letter === 'A') this.#up(Number(number));
    else if (letter === 'K') this.#clear();
    else if (letter === 'J') this.#clearBelow();
    else if (letter !== 'm') throw new Error(`unknown sequence ${JSON.stringify(whole)}`);
    return text.slice(whole.length);
  }

  #clear(): void {
    this.#lines[this.#row] = this.#left;
    if (this.#left === '') this.#broken.delete(this.#row);
  }

  #clearBelow(): void {
    this.#lines.splice(this.#row, Infinity, this.#left);
    const kept = this.#left === '' ? this.#row - 1 : this.#row;
    this.#broken = new Set([...this.#broken].filter((row) => row <= kept));
  }

  #up(rows: number): void {
    if (this.#row - rows < this.#top) throw new Error('the cursor would leave the screen: it tears');
    this.#row -= rows;
  }
}
