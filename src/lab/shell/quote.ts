/** This text as one word of POSIX sh, quoted only where it must be. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The words of a command line of plain and quoted words only; undefined where it is more than one simple command. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length;) {
    const char = line[i] ?? '';
    if (char === "'") {
      const end = line.indexOf("'", i + 1);
      if (end < 0) return undefined;
      word = (word ?? '') + line.slice(i + 1, end);
      i = end + 1;
    } else if (char === '"') {
      const match = /^"((?:[^"\\$`]|\\["\\$`])*)"/.exec(line.slice(i));
      if (!match) return undefined;
      word = (word ?? '') + (match[1] ?? '').replace(/\\(["\\$`])/g, '$1');
      i += match[0].length;
    } else if (char === '\\') {
      word = (word ?? '') + (line[i + 1] ?? '');
      i += 2;
    } else if (/[\s]/.test(char)) {
      if (char === '\n' && (word !== undefined || words.length > 0) && line.slice(i).trim()) return undefined;
      if (word !== undefined) words.push(word);
      word = undefined;
      i += 1;
    } else if (/[|&;<>()$`*?[#~{}!]/.test(char)) {
      return undefined;
    } else {
      word = (word ?? '') + char;
      i += 1;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
