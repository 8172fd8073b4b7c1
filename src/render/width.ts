import stringWidth from 'string-width';

/** Characters of one column each, also side by side; string-width loads much for all others. */
export const PLAIN = /^[\u0020-\u007e\u00b7\u00d7\u2022\u2026\u2500-\u257f\u2800-\u28ff▲▶◇○✔✖]*$/;

/** Made on need: the first one loads ICU. */
let graphemes: Intl.Segmenter | undefined;

/** Columns on a terminal. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** Cuts to at most `width` columns; what was cut off shows as `ellipsis`. */
export function cut(text: string, width: number, ellipsis = '…'): string {
  if (widthOf(text) <= width) return text;
  const room = width - widthOf(ellipsis);
  if (room < 0) return '';
  let kept = '';
  let used = 0;
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of graphemes.segment(text)) {
    used += widthOf(segment);
    if (used > room) break;
    kept += segment;
  }
  return kept + ellipsis;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Breaks at spaces into lines of at most `width` columns; a longer word keeps a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** The part of a word that fits into so many columns: of a path up to a slash, where one is not near its start. */
export function fittingPart(word: string, width: number): string {
  const most = cut(word, width, '');
  const slash = most.lastIndexOf('/') + 1;
  return slash > width / 4 ? most.slice(0, slash) : most;
}
