import { styleText } from 'node:util';
import { sanitize } from './text.ts';
import { cut, fittingPart, widthOf } from './width.ts';
import { wrapCommand } from './wrap-command.ts';

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta';

/** A piece of a line: plain text, or text in a colour. */
export type Span =
  | string
  | {
      readonly text: string;
      readonly as: Colour | readonly Colour[];
      /**
       * To be copied: a `line` is never broken here, a `command` line only on a terminal, and as a shell joins it again.
       */
      readonly copied?: 'line' | 'command';
    };
/** One line of the screen, before it is cut to a width and painted. */
export type Line = readonly Span[];

export interface Symbols {
  readonly change: string;
  readonly unchanged: string;
  readonly skipped: string;
  readonly failed: string;
  readonly unknown: string;
  readonly read: string;
  readonly waiting: string;
  readonly running: string;
  readonly warning: string;
  readonly note: string;
  readonly bar: string;
  readonly ellipsis: string;
  readonly times: string;
  readonly spinner: readonly string[];
}

const UNICODE: Symbols = {
  change: '✔',
  unchanged: '=',
  skipped: '○',
  failed: '✖',
  unknown: '?',
  read: '◇',
  waiting: '·',
  running: '▶',
  warning: '▲',
  note: '•',
  bar: '│',
  ellipsis: '…',
  times: '×',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

const ASCII: Symbols = {
  change: '+',
  unchanged: '=',
  skipped: 'o',
  failed: 'x',
  unknown: '?',
  read: 'i',
  waiting: '.',
  running: '>',
  warning: '!',
  note: '*',
  bar: '|',
  ellipsis: '...',
  times: 'x',
  spinner: ['|', '/', '-', '\\'],
};

export interface Look {
  readonly color: boolean;
  /** False where the locale is not UTF-8: symbols are ASCII then. */
  readonly unicode: boolean;
  /** Columns of the terminal, where it goes to one: no line but those to be copied is wider. */
  readonly terminal?: number;
}

export interface Style {
  readonly symbols: Symbols;
  /** The line as text, without control characters; cut to `width` columns where one is given. */
  line(spans: Line, width?: number): string;
  /** Lines with their newlines; broken at spaces into `columns` where they are given. */
  text(lines: readonly Line[], columns?: number): string;
}

export function createStyle(look: Look): Style {
  const symbols = look.unicode ? UNICODE : ASCII;
  const line: Style['line'] = (spans, width) =>
    fit(spans, width, symbols.ellipsis)
      .map((span) => paint(span, look.color))
      .join('');
  const { terminal } = look;
  const broken = (one: Line, columns: number | undefined): readonly Line[] => {
    if (terminal !== undefined) return wrapLine(one, Math.min(columns ?? terminal, terminal), true);
    return columns === undefined ? [one] : wrapLine(one, columns);
  };
  return {
    symbols,
    line,
    text: (lines, columns) =>
      lines
        .flatMap((one) => broken(one, columns))
        .map((one) => `${line(one).trimEnd()}\n`)
        .join(''),
  };
}

function paint(span: Span, color: boolean): string {
  if (typeof span === 'string') return span;
  if (!color || span.text === '') return span.text;
  const colours = typeof span.as === 'string' ? [span.as] : [...span.as];
  return styleText(colours, span.text, { validateStream: false });
}

function fit(spans: Line, width: number | undefined, ellipsis: string): Line {
  const safe = spans.map((span) => respan(span, sanitize(textOf(span))));
  if (width === undefined || safe.reduce((sum, span) => sum + widthOf(textOf(span)), 0) <= width) return safe;
  const fitted: Span[] = [];
  let room = width;
  for (const [index, span] of safe.entries()) {
    const text = textOf(span);
    const rest = safe.slice(index + 1).some((later) => textOf(later) !== '');
    const size = widthOf(text);
    // Room for the ellipsis must be left as long as something follows.
    if (size + (rest ? widthOf(ellipsis) : 0) <= room) {
      fitted.push(span);
      room -= size;
      continue;
    }
    const last = rest ? cut(text, room - widthOf(ellipsis), '') + ellipsis : cut(text, room, ellipsis);
    const kept = widthOf(last) <= room ? last : '';
    fitted.push(respan(span, kept));
    break;
  }
  return fitted;
}

/**
 * Breaks a line at spaces; what follows is indented by two more.
 * @param breaks whether a word that is longer than `width` is broken too: on a terminal, which would do it itself
 */
export function wrapLine(spans: Line, width: number, breaks = false): Line[] {
  const safe = spans.map((span) => respan(span, sanitize(textOf(span))));
  const whole = safe.map(textOf).join('');
  if (widthOf(whole) <= width) return [safe];
  const copied = safe.find((span) => typeof span !== 'string' && span.copied !== undefined);
  if (copied !== undefined && typeof copied !== 'string') {
    if (copied.copied === 'line' || !breaks) return [safe];
    return wrapCommand(whole, width).map((text) => [respan(copied, text)]);
  }
  const indent = ' '.repeat(Math.min(whole.length - whole.trimStart().length + 2, Math.floor(width / 2)));
  const lines: Span[][] = [[]];
  const widest = breaks ? width : Infinity;
  let used = 0;
  let blanks: Span[] = [];
  for (const span of safe) {
    for (const word of textOf(span).match(/ +|[^ ]+/g) ?? []) {
      if (word.startsWith(' ')) {
        blanks.push(respan(span, word));
        continue;
      }
      const gap = blanks.reduce((sum, blank) => sum + widthOf(textOf(blank)), 0);
      const isTooLong = used + gap + widthOf(word) > width;
      const isNew = used > 0 && gap > 0 && isTooLong;
      if (isNew) lines.push([indent]);
      else lines.at(-1)?.push(...blanks);
      used = isNew ? indent.length : used + gap;
      blanks = [];
      let rest = word;
      while (used + widthOf(rest) > widest) {
        const part = fittingPart(rest, width - used);
        if (part === '' && used <= indent.length) break;
        lines.at(-1)?.push(respan(span, part));
        lines.push([indent]);
        used = indent.length;
        rest = rest.slice(part.length);
      }
      lines.at(-1)?.push(respan(span, rest));
      used += widthOf(rest);
    }
  }
  return lines;
}

/** Columns of a line on a terminal. */
export function widthOfLine(line: Line): number {
  return line.reduce((sum, span) => sum + widthOf(textOf(span)), 0);
}

function respan(span: Span, text: string): Span {
  return typeof span === 'string' ? text : { ...span, text };
}

function textOf(span: Span): string {
  return typeof span === 'string' ? span : span.text;
}

/** Whether this environment's locale is UTF-8. As POSIX: LC_ALL, then LC_CTYPE, then LANG. */
export function isUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  if (locale === undefined) return process.platform === 'darwin' || process.platform === 'win32';
  return /utf-?8/i.test(locale);
}
