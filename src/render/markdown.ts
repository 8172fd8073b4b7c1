import { escapeHtml } from './report/markup.ts';
import { sanitize } from './text.ts';

/** A table whose cells are text. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map((row) => line(row.map(escapeMarkdown)))].join('\n');
}

/** The text as it is: no markup, no HTML, one line. */
export function escapeMarkdown(text: string): string {
  return sanitize(text.replaceAll(/[\r\n]+/g, ' ')).replaceAll(/[\\`*_{}[\]<>#|~&$]/g, String.raw`\$&`);
}

/** In a fence that is longer than any in the text. */
export function fenced(lines: readonly string[], language: 'text' | 'diff' = 'text'): string {
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Lines that are folded under a title. A heading that is HTML would end at an empty line: the title is one line. */
export function folded(kind: string, title: string, lines: readonly string[]): string {
  const summary = `<b>${escapeHtml(sanitize(kind))}</b> ${escapeHtml(sanitize(title))}`;
  return `<details><summary>${summary}</summary>\n\n${fenced(lines)}\n\n</details>`;
}
