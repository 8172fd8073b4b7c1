/** What is shown in place of a secret. */
const MARK = '***';

/** Characters; a shorter value would be found inside of many words. */
const SHORTEST = 4;
/** Of a line of a secret that has several, as many of them are no secret (`kind: Config`). */
const SHORTEST_LINE = 8;
/** Of a value in base64, which begins anywhere in its text. */
const SHORTEST_BASE64 = 6;

/** The values to hide, in the forms that are commonly printed. None has a newline. */
const needles = new Set<string>();
/** The same as a text, and as bytes in latin1; undefined while there are none. */
let patterns: { readonly text: RegExp; readonly bytes: RegExp; readonly prefixes: readonly string[] } | undefined;

/**
 * From now on this secret is replaced by `***` in what this process shows and records: as it is (line by line, where it
 * has several), as in JSON, in a URL or in single quotes of a shell, and in base64, also as a part of a longer value.
 * A value of less than four characters is not.
 */
export function hideSecret(value: string): void {
  const before = needles.size;
  for (const form of formsOf(value)) needles.add(form);
  if (needles.size === before) return;
  // The longest first: of two that begin alike, it is the one that leaves nothing behind.
  const sorted = [...needles].toSorted((a, b) => b.length - a.length);
  const raw = sorted.map((one) => Buffer.from(one).toString('latin1')).toSorted((a, b) => b.length - a.length);
  patterns = { text: alternatives(sorted), bytes: alternatives(raw), prefixes: raw };
}

export function redactText(text: string): string {
  return patterns ? text.replaceAll(patterns.text, MARK) : text;
}

/** Plain data with every text redacted, but for those whose key is to be kept: names and ids stay what they are. */
export function redactData<T>(data: T, isKept: (key: string) => boolean): T {
  if (!patterns) return data;
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return redactText(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, isKept(key) ? item : walk(item)]));
  };
  const copy: T = JSON.parse(JSON.stringify(walk(data)));
  return copy;
}

/**
 * Redacts a stream of bytes, however it is split: what may be the beginning of a secret is held back until more is
 * known, never longer than to the end of its line.
 */
export class RedactedBytes {
  #held = '';

  push(chunk: Buffer): Buffer {
    if (!patterns && this.#held === '') return chunk;
    return this.#pass(this.#held + chunk.toString('latin1'), false);
  }

  /** What was held back. */
  end(): Buffer {
    return this.#pass(this.#held, true);
  }

  #pass(text: string, isEnd: boolean): Buffer {
    let hold = isEnd ? text.length : heldFrom(text, 0);
    let passed = '';
    let done = 0;
    for (const { 0: found, index } of patterns ? text.matchAll(patterns.bytes) : []) {
      if (index >= hold) break;
      passed += text.slice(done, index) + MARK;
      done = index + found.length;
      if (done > hold) hold = heldFrom(text, done);
    }
    this.#held = text.slice(hold);
    return Buffer.from(passed + text.slice(done, hold), 'latin1');
  }
}

/** Where the longest end of a text begins that a secret begins with, at or after `from`; else the text's length. */
function heldFrom(text: string, from: number): number {
  const longest = patterns?.prefixes[0]?.length ?? 0;
  const start = Math.max(from, text.lastIndexOf('\n') + 1, text.length - longest + 1);
  for (let at = start; at < text.length; at++) {
    const rest = text.slice(at);
    if (patterns?.prefixes.some((one) => one.length > rest.length && one.startsWith(rest))) return at;
  }
  return text.length;
}

function formsOf(value: string): string[] {
  const lines = value.split(/[\r\n]+/).map((line) => line.trim());
  const several = lines.filter((line) => line !== '').length > 1;
  const shortest = several ? SHORTEST_LINE : SHORTEST;
  const shown = (several ? lines : [value.replace(/[\r\n]+$/, '')]).filter(
    (line) => line.length >= shortest && !/^-----(BEGIN|END) .*-----$/.test(line),
  );
  return [...shown.flatMap(writtenForms), ...(value.length < SHORTEST ? [] : base64Forms(value))];
}

function writtenForms(line: string): string[] {
  return [line, JSON.stringify(line).slice(1, -1), encodeURIComponent(line), line.replaceAll("'", `'\\''`)];
}

/** What base64 makes of it at each place of a longer value: without the characters that its neighbours take part in. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const start = Math.ceil((before * 8) / 6);
    const own = text.slice(start, Math.floor(((before + bytes.length) * 8) / 6));
    if (own.length < SHORTEST_BASE64) return [];
    // And as the end of that text, with or without its padding.
    const forms = [own, text.slice(start), text.slice(start).replace(/=+$/, '')];
    return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
  });
}

function alternatives(texts: readonly string[]): RegExp {
  return new RegExp(texts.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'g');
}
