import type { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import { digestOf } from '../plan/digest.ts';
import type { DeepReadonly } from '../readonly.ts';
import type { factsSchema } from './form/document.ts';

/** What distinguishes the file from other JSON. */
export const FACTS_FORMAT = 'runbook-facts';

/** The version of the form; a reader refuses any other. */
export const FACTS_VERSION = 1;

export type FactsDocument = DeepReadonly<Omit<z.infer<typeof factsSchema>, 'facts'>> & { readonly facts: Facts };
export type FactsInventory = FactsDocument['inventory'];

/** What the digest must be. */
export function factsDigest({ digest: _digest, ...content }: Omit<FactsDocument, 'digest'> & { digest?: string }) {
  return digestOf(content);
}

/** With format, version and digest. */
export function factsDocument(content: Omit<FactsDocument, 'format' | 'version' | 'digest'>): FactsDocument {
  const whole = { format: FACTS_FORMAT, version: FACTS_VERSION, ...content } as const;
  return { ...whole, digest: factsDigest(whole) };
}

/** The text of the file. */
export function factsText(document: FactsDocument): string {
  return `${JSON.stringify(document, null, 1)}\n`;
}
