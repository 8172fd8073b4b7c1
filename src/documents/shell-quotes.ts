/** Where a POSIX shell does not replace a variable. */
export type Quoted = 'in single quotes' | 'in a here-document whose end is quoted' | 'behind a backslash';

/** One place of a script that is asked about: a character of the private use area. */
export const PLACE = '\uE000';

type Frame =
  | { readonly kind: 'plain'; readonly end?: ')' | '`' }
  | { readonly kind: 'double' }
  | { readonly kind: 'brace' }
  | { readonly kind: 'arithmetic'; depth: number };

/** For each {@link PLACE} of a script, in order, why the shell would leave a variable there as it is written. */
export function quotedPlaces(script: string): (Quoted | undefined)[] {
  return new Quotes(script).read();
}

/** Goes through a script once; knows as much of the shell's grammar as quoting needs. */
class Quotes {
  readonly #text: string;
  readonly #found: (Quoted | undefined)[] = [];
  readonly #frames: Frame[] = [{ kind: 'plain' }];
  /** Here-documents that begin after this line. */
  #pending: { readonly end: string; readonly quoted: boolean; readonly tabs: boolean }[] = [];
  #at = 0;

  constructor(script: string) {
    this.#text = script;
  }

  read(): (Quoted | undefined)[] {
    while (this.#at < this.#text.length) this.#next();
    return this.#found;
  }

  get #frame(): Frame {
    return this.#frames.at(-1) ?? { kind: 'plain' };
  }

  #next(): void {
    const char = this.#text[this.#at] ?? '';
    const frame = this.#frame;
    if (char === PLACE) this.#found.push(undefined);
    if (char === '\\') return this.#escaped();
    if (char === '\n' && this.#pending.length > 0) return this.#hereDocuments();
    if (frame.kind === 'arithmetic') return this.#arithmetic(frame, char);
    if (this.#opens(char)) return;
    if (this.#closes(frame, char)) return;
    const literal = frame.kind === 'double' || (frame.kind === 'brace' && this.#isInDouble());
    if (char === "'" && !literal) return this.#single();
    if (frame.kind === 'plain') {
      if (char === '#' && /^$|[\s;&|()]/.test(this.#text[this.#at - 1] ?? '')) return this.#comment();
      if (char === '<' && this.#here()) return;
    }
    this.#at += 1;
  }

  #escaped(): void {
    if (this.#text[this.#at + 1] === PLACE) this.#found.push('behind a backslash');
    this.#at += 2;
  }

  /** A quote or substitution that begins here. */
  #opens(char: string): boolean {
    const { kind } = this.#frame;
    const rest = this.#text.slice(this.#at, this.#at + 3);
    if (char === '"' && kind !== 'double') return this.#push({ kind: 'double' }, 1);
    if (rest === '$((') return this.#push({ kind: 'arithmetic', depth: 2 }, 3);
    if (rest.startsWith('$(')) return this.#push({ kind: 'plain', end: ')' }, 2);
    if (rest.startsWith('${')) return this.#push({ kind: 'brace' }, 2);
    if (char === '`' && !this.#frames.some((frame) => frame.kind === 'plain' && frame.end === '`'))
      return this.#push({ kind: 'plain', end: '`' }, 1);
    if (kind !== 'plain' || char !== '(') return false;
    return rest.startsWith('((')
      ? this.#push({ kind: 'arithmetic', depth: 2 }, 2)
      : this.#push({ kind: 'plain', end: ')' }, 1);
  }

  #push(frame: Frame, length: number): true {
    this.#frames.push(frame);
    this.#at += length;
    return true;
  }

  #closes(frame: Frame, char: string): boolean {
    const ends =
      (frame.kind === 'double' && char === '"') ||
      (frame.kind === 'brace' && char === '}') ||
      (frame.kind === 'plain' && frame.end === char);
    if (!ends) return false;
    this.#frames.pop();
    this.#at += 1;
    return true;
  }

  #arithmetic(frame: Frame & { kind: 'arithmetic' }, char: string): void {
    if (char === '(') frame.depth += 1;
    if (char === ')') frame.depth -= 1;
    if (frame.depth === 0) this.#frames.pop();
    this.#at += 1;
  }

  #isInDouble(): boolean {
    const inner = this.#frames.findLast((frame) => frame.kind !== 'brace');
    return inner?.kind === 'double';
  }

  /** `$'...'` of bash has escapes. */
  #single(): void {
    const isAnsi = this.#text[this.#at - 1] === '$';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === "'") break;
      if (char === '\\' && isAnsi) this.#at += 1;
      if (this.#text[this.#at] === PLACE) this.#found.push('in single quotes');
    }
    this.#at += 1;
  }

  /** It does no harm that the shell replaces nothing there. */
  #comment(): void {
    const end = this.#lineEnd(this.#at);
    for (const char of this.#text.slice(this.#at, end)) if (char === PLACE) this.#found.push(undefined);
    this.#at = end;
  }

  #here(): boolean {
    const match = /^<<(-?)[ \t]*((?:'[^'\n]*'|"[^"\n]*"|\\.|[^\s;&|<>()'"\\])+)/.exec(this.#text.slice(this.#at));
    if (!match || this.#text.startsWith('<<<', this.#at)) {
      if (!this.#text.startsWith('<<<', this.#at)) return false;
      this.#at += 3;
      return true;
    }
    const [whole, dash = '', word = ''] = match;
    this.#pending.push({ end: word.replaceAll(/['"\\]/g, ''), quoted: /['"\\]/.test(word), tabs: dash === '-' });
    this.#at += whole.length;
    return true;
  }

  #hereDocuments(): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#at += 1;
    for (const { end, quoted, tabs } of pending) {
      while (this.#at < this.#text.length) {
        const line = this.#text.slice(this.#at, this.#lineEnd(this.#at));
        this.#at += line.length + 1;
        if ((tabs ? line.replace(/^\t+/, '') : line) === end) break;
        for (const { index } of line.matchAll(new RegExp(PLACE, 'g')))
          this.#found.push(inDocument(quoted, line.slice(0, index)));
      }
    }
  }

  #lineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end === -1 ? this.#text.length : end;
  }
}

function inDocument(quoted: boolean, before: string): Quoted | undefined {
  if (quoted) return 'in a here-document whose end is quoted';
  const backslashes = /\\*$/.exec(before)?.[0].length ?? 0;
  return backslashes % 2 === 1 ? 'behind a backslash' : undefined;
}
