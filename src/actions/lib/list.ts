import { z } from 'zod';

/** A list, or its entries with commas between them, as an input of a runbook gives them; empty: none. */
export function list<T extends z.ZodType<string, string>>(entry: T) {
  return z.union([z.array(entry), z.string().transform(entriesOf).pipe(z.array(entry))]);
}

export function entriesOf(text: string): string[] {
  return text.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
}
