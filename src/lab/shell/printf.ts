import type { Tool } from './shell.ts';

/** printf(1) in bytes: just-bash's own turns octal escapes above \177 into UTF-8. */
export const printf: Tool = (context) => {
  const [format, ...args] = context.args[0] === '--' ? context.args.slice(1) : context.args;
  if (format === undefined) {
    context.err('sh: printf: usage: printf format [arg ...]\n');
    return 2;
  }
  const pieces: Buffer[] = [];
  let code = 0;
  let next = 0;
  do {
    const before = next;
    const take = () => args[next++];
    for (const piece of piecesOf(format, take, () => (code = 1))) {
      pieces.push(piece.bytes);
      if (piece.stop) next = args.length;
    }
    if (next === before) break;
  } while (next < args.length);
  context.write(Buffer.concat(pieces));
  return code;
};

interface Piece {
  readonly bytes: Buffer;
  readonly stop: boolean;
}

function* piecesOf(format: string, take: () => string | undefined, invalid: () => void): Generator<Piece> {
  for (const [token, flags, width, precision, letter] of format.matchAll(
    /%([-+ 0#]*)(\d+|\*)?(?:\.(\d+|\*))?([a-zA-Z%])|\\(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|[\s\S])|[^%\\]+|[%\\]/g,
  )) {
    if (letter === undefined)
      yield { bytes: token.startsWith('\\') ? escaped(token, false).bytes : Buffer.from(token), stop: false };
    else if (letter === '%') yield { bytes: Buffer.from('%'), stop: false };
    else {
      const size = width === '*' ? Number(take() ?? 0) : Number(width ?? 0);
      const limit = precision === '*' ? Number(take() ?? 0) : precision === undefined ? undefined : Number(precision);
      const value = take() ?? '';
      const piece =
        letter === 'b'
          ? escaped(value, true)
          : { bytes: Buffer.from(converted(letter, value, limit, flags ?? '', invalid)), stop: false };
      yield { bytes: padded(piece.bytes, size, flags ?? '', letter), stop: piece.stop };
    }
  }
}

const simple: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  e: '\x1b',
};

/** Backslash escapes; in `%b` an octal one begins with a zero, and `\c` ends everything. */
function escaped(text: string, inArgument: boolean): Piece {
  const pieces: Buffer[] = [];
  const octal = inArgument ? /\\0?([0-7]{1,3})/y : /\\([0-7]{1,3})/y;
  for (let i = 0; i < text.length;) {
    octal.lastIndex = i;
    const digits = octal.exec(text);
    const hex = /^\\x([0-9a-fA-F]{1,2})/.exec(text.slice(i, i + 4));
    const char = text[i + 1] ?? '';
    if (digits) {
      pieces.push(Buffer.from([Number.parseInt(digits[1] ?? '0', 8) & 0xff]));
      i += digits[0].length;
    } else if (hex) {
      pieces.push(Buffer.from([Number.parseInt(hex[1] ?? '0', 16)]));
      i += hex[0].length;
    } else if (text[i] !== '\\') {
      const end = text.indexOf('\\', i);
      pieces.push(Buffer.from(text.slice(i, end < 0 ? undefined : end)));
      i = end < 0 ? text.length : end;
    } else if (char === 'c' && inArgument) return { bytes: Buffer.concat(pieces), stop: true };
    else {
      pieces.push(Buffer.from(simple[char] ?? `\\${char}`));
      i += 2;
    }
  }
  return { bytes: Buffer.concat(pieces), stop: false };
}

function converted(
  letter: string,
  value: string,
  precision: number | undefined,
  flags: string,
  invalid: () => void,
): string {
  if (letter === 's') return precision === undefined ? value : value.slice(0, precision);
  if (letter === 'c') return value.slice(0, 1);
  if (letter === 'q') return `'${value.replaceAll("'", String.raw`'\''`)}'`;
  const number = /^["']/.test(value) ? (value.codePointAt(1) ?? 0) : Number(value === '' ? 0 : value);
  if (Number.isNaN(number)) invalid();
  const whole = Number.isNaN(number) ? 0 : number;
  const sign = flags.includes('+') && whole >= 0 ? '+' : '';
  if (/^[xXo]$/.test(letter)) {
    // Of 64 bits, more than a number holds.
    const digits = (/^\d+$/.test(value) ? BigInt(value) : whole).toString(letter === 'o' ? 8 : 16);
    return letter === 'X' ? digits.toUpperCase() : digits;
  }
  if (letter === 'f') return sign + whole.toFixed(precision ?? 6);
  return sign + String(Math.trunc(whole)).padStart(precision ?? 0, '0');
}

function padded(bytes: Buffer, width: number, flags: string, letter: string): Buffer {
  const missing = width - bytes.length;
  if (missing <= 0) return bytes;
  if (flags.includes('-')) return Buffer.concat([bytes, Buffer.alloc(missing, ' ')]);
  return Buffer.concat([Buffer.alloc(missing, flags.includes('0') && letter !== 's' ? '0' : ' '), bytes]);
}
