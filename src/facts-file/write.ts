import type { FactsDocument } from './document.ts';

/** The text of the file. */
export function factsText(document: FactsDocument): string {
  return `${JSON.stringify(document, null, 1)}\n`;
}
