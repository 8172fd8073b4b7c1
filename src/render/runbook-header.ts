/** The comment above the document, without the line for editors. */
export function headerOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const end = lines.findIndex((line) => !line.startsWith('#'));
  const comment = lines.slice(0, end).filter((line) => !line.includes('yaml-language-server:'));
  const bare = comment.map((line) => line.replace(/^# ?/, ''));
  const first = bare.findIndex((line) => line !== '');
  return first === -1 ? [] : bare.slice(first, bare.findLastIndex((line) => line !== '') + 1);
}

/** A paragraph of the header by the word that it begins with (`Back`), as one line; undefined: it has none. */
export function paragraphOf(header: readonly string[], word: string): string | undefined {
  const from = header.findIndex((line) => line.startsWith(`${word} `));
  if (from === -1) return undefined;
  const [first = '', ...rest] = header.slice(from);
  const end = rest.findIndex((line) => !/^\s+\S/.test(line));
  const lines = [first.slice(word.length), ...(end === -1 ? rest : rest.slice(0, end))];
  return lines.map((line) => line.trim()).join(' ');
}
