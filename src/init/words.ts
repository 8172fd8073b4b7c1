/**
 * Splits a line into words as a POSIX shell does, without expansions; a `#` that begins a word begins a comment where
 * `comments` is set. Undefined where a quote is never closed.
 */
export function shellWords(line: string, comments = false): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === '' && comments && word === undefined && char === '#') break;
    else if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (char === quote) quote = '';
    else if (char === '\\' && quote !== "'") {
      at += 1;
      word = `${word ?? ''}${line.charAt(at)}`;
    } else word = `${word ?? ''}${char}`;
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}
