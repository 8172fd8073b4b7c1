import type { OutputStream } from './renderer.ts';
import { flushed } from './renderer.ts';
import type { Line, Style } from './style.ts';
import { wrapLine } from './style.ts';
import { widthOf } from './width.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** Given at the start of a line: tmux forgets only then that a resize broke the line that was there in two. */
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
/** Milliseconds between two looks at whether the frame has changed. */
const TICK = 100;

/** Of a terminal that does not know its size: a pty of CI, or `stty cols 0`, says 0. */
const USUAL = { columns: 80, rows: 24 };

export function sizeOf({ columns, rows }: Pick<OutputStream, 'columns' | 'rows'>): Size {
  return { columns: columns || USUAL.columns, rows: rows || USUAL.rows };
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The moving part: at most `rows` lines, made again at every tick. */
type Frame = (size: Size) => readonly Line[];

/**
 * A terminal with lines that stay (they scroll away as any output does) above a few that are drawn over again. The
 * moving part is always shorter than the terminal and each of its lines narrower: so the cursor can go back to its top.
 */
export class Screen {
  readonly #stream: OutputStream;
  readonly #problems: OutputStream;
  readonly #style: Style;
  /** The problems' stream may be a file: no colours there. */
  readonly #bare: Style;
  #frame: Frame | undefined;
  #drawn: readonly string[] = [];
  #drawnFor: Size | undefined;
  #timer: NodeJS.Timeout | undefined;
  #held: (() => void)[] | undefined;
  #hidden = false;

  constructor(stream: OutputStream, problems: OutputStream, style: Style, bare: Style) {
    this.#stream = stream;
    this.#problems = problems;
    this.#style = style;
    this.#bare = bare;
  }

  get size(): Size {
    return sizeOf(this.#stream);
  }

  /** Shows a moving part, or takes it away. */
  show(frame: Frame | undefined): void {
    if (this.#frame === undefined && frame !== undefined) this.#begin();
    const ended = this.#frame !== undefined && frame === undefined;
    this.#frame = frame;
    if (ended) this.#end();
    this.#draw();
  }

  /** Writes lines that stay, above the moving part. Too long ones are broken at spaces, never cut. */
  print(lines: readonly Line[]): void {
    this.#above(() => {
      this.#stream.write(this.#wrapped(lines));
    });
  }

  /** The same for problems: on the problems' stream, and on the screen too where that is not the same terminal. */
  printProblem(lines: readonly Line[]): void {
    const screen = this.#problems.isTTY === true ? this.#problems : this.#stream;
    this.#above(() => {
      screen.write(this.#wrapped(lines));
    });
    if (screen !== this.#problems) this.#problems.write(lines.map((line) => `${this.#bare.line(line)}\n`).join(''));
  }

  #wrapped(lines: readonly Line[]): string {
    const width = this.size.columns - 1;
    const broken = lines.flatMap((line) => wrapLine(line, width, true));
    return broken.map((line) => `${this.#style.line(line)}\n`).join('');
  }

  pause(): void {
    if (this.#held !== undefined) return;
    this.#erase();
    this.#showCursor();
    this.#held = [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const write of held) write();
    if (this.#frame !== undefined) this.#hideCursor();
    this.#draw();
  }

  async close(): Promise<void> {
    this.resume();
    this.show(undefined);
    await Promise.all([flushed(this.#stream), flushed(this.#problems)]);
  }

  #begin(): void {
    this.#hideCursor();
    this.#timer = setInterval(this.#draw, TICK);
    this.#timer.unref();
    this.#stream.on('resize', this.#draw);
    process.on('exit', this.#showCursor);
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#stream.off('resize', this.#draw);
    process.off('exit', this.#showCursor);
    this.#erase();
    this.#showCursor();
  }

  #above(write: () => void): void {
    if (this.#held !== undefined) {
      this.#held.push(write);
      return;
    }
    this.#erase();
    write();
    this.#draw();
  }

  readonly #draw = (): void => {
    if (this.#frame === undefined || this.#held !== undefined) return;
    const size = this.size;
    // One column and one row stay free: no terminal wraps or scrolls then.
    const room = { columns: size.columns - 1, rows: size.rows - 1 };
    const lines = this.#frame(room).slice(0, room.rows);
    const texts = lines.map((line) => this.#style.line(line, room.columns));
    const resized = size.columns !== this.#drawnFor?.columns || size.rows !== this.#drawnFor.rows;
    if (!resized && texts.length === this.#drawn.length && texts.every((text, index) => text === this.#drawn[index]))
      return;
    const body = texts.map((text) => `${CLEAR_LINE}${text}\n`).join('');
    this.#stream.write(`${this.#toTop(size)}${body}${CLEAR_BELOW}`);
    this.#drawn = texts;
    this.#drawnFor = size;
  };

  /** Row by row: tmux keeps what is cleared from the first row on in its history, as if it had been output. */
  #erase(): void {
    if (this.#drawn.length === 0) return;
    const size = this.size;
    const rows = Math.min(this.#rowsDrawn(size), size.rows - 1);
    this.#stream.write(`${this.#toTop(size)}${`${CLEAR_LINE}\n`.repeat(rows)}${CLEAR_LINE}${this.#toTop(size)}`);
    this.#drawn = [];
  }

  #toTop(size: Size): string {
    const up = Math.min(this.#rowsDrawn(size), size.rows - 1);
    return up === 0 ? '\r' : `\r\u001b[${up}A`;
  }

  /** A terminal that became narrower has broken the lines drawn before: they take more rows now. */
  #rowsDrawn(size: Size): number {
    return this.#drawn.reduce((sum, text) => sum + Math.max(1, Math.ceil(widthOf(text) / size.columns)), 0);
  }

  #hideCursor(): void {
    if (this.#hidden) return;
    this.#hidden = true;
    this.#stream.write(HIDE_CURSOR);
  }

  readonly #showCursor = (): void => {
    if (!this.#hidden) return;
    this.#hidden = false;
    this.#stream.write(SHOW_CURSOR);
  };
}
