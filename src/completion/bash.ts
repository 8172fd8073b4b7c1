import type { Answer } from './complete.ts';

/** A command line as bash has it, up to the cursor. */
export interface BashLine {
  /** The words without quotes, the program first; the last one is the one at the cursor. */
  readonly words: readonly string[];
  /** The part of the last word, without quotes, that bash keeps: it replaces only what follows. */
  readonly kept: string;
  /** The quote that is open at the cursor. */
  readonly quote: '' | '"' | "'";
}

/**
 * Splits a line as bash does: quotes and backslashes, but nothing is expanded. Readline cuts the word at the cursor
 * once more, at each character of COMP_WORDBREAKS that is not quoted (`=` and `:` are two of them), or at a quote
 * that is open.
 */
export function splitBashLine(line: string, breaks: string): BashLine {
  const words: string[] = [];
  let word: string | undefined;
  let kept = '';
  let quote: BashLine['quote'] = '';
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (quote === "'" ? char !== "'" : quote === '"' && char !== '"' && char !== '\\') word = `${word ?? ''}${char}`;
    else if (char === '\\') {
      at += 1;
      const next = line.charAt(at);
      const isPlain = quote === '"' && !/["$`\\]/.test(next);
      word = `${word ?? ''}${isPlain ? '\\' : ''}${next}`;
    } else if (quote !== '') quote = '';
    else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
      kept = word;
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      kept = '';
    } else {
      word = `${word ?? ''}${char}`;
      if (breaks.includes(char)) kept = word;
    }
  }
  return { words: [...words, word ?? ''], kept, quote };
}

/**
 * The lines that the script in scripts.ts reads: first the options of `compopt`, then what each candidate adds after
 * the part that bash keeps, quoted unless readline quotes it (paths).
 */
export function bashReply({ candidates, paths }: Answer, { kept, quote }: BashLine): string[] {
  const open = candidates.length > 0 && candidates.every((one) => one.open === true);
  const options = [...(paths ? ['filenames'] : []), ...(open ? ['nospace'] : [])];
  const values = candidates
    .filter(({ value }) => value.startsWith(kept))
    .map(({ value, path }) => {
      const rest = value.slice(kept.length);
      // Readline adds the slash of a folder itself.
      if (paths) return path === true ? rest.replace(/\/$/, '') : rest;
      return quoted(rest, quote);
    });
  return [options.join(' '), ...values];
}

function quoted(text: string, quote: BashLine['quote']): string {
  if (quote === '"') return text.replaceAll(/["$`\\]/g, String.raw`\$&`);
  if (quote === "'") return text.replaceAll("'", String.raw`'\''`);
  return text.replaceAll(/[^A-Za-z0-9_@%+=:,./-]/g, String.raw`\$&`);
}
