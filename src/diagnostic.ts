import { z } from 'zod';
import type { DeepReadonly } from './readonly.ts';

const span = z.strictObject({
  file: z.string(),
  line: z.number().describe('1-based'),
  column: z.number().describe('1-based'),
  endLine: z.exactOptional(z.number()),
  endColumn: z.exactOptional(z.number()),
  text: z.exactOptional(z.string()).describe('The text of that line'),
});

export const diagnosticSchema = z.strictObject({
  severity: z.enum(['error', 'warning']),
  code: z.string().describe('Stable kebab-case id, e.g. unknown-key'),
  summary: z.string(),
  detail: z.exactOptional(z.string()).describe('What to do'),
  span: z.exactOptional(span),
});

/** A place in a document: 1-based line and column, as editors and compilers count. */
export type Span = DeepReadonly<z.infer<typeof span>>;

/**
 * A problem in a document, as a value. Never thrown: a reader collects all of them.
 * `summary` has none of the user's data beyond names; `detail` says what to do.
 */
export type Diagnostic = DeepReadonly<z.infer<typeof diagnosticSchema>>;
