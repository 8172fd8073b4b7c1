import { z } from 'zod';
import { messageOf } from '../failure.ts';
import { FACTS_FORMAT, FACTS_VERSION, factsDigest, type FactsDocument } from './document.ts';
import { factsSchema } from './form/document.ts';
import { contradictions } from './contradictions.ts';
import { problemsOf } from './problems.ts';

export type ParsedFacts =
  | { readonly document: FactsDocument }
  | {
      readonly problem: string;
      /** What to do next. */
      readonly remedy: string;
    };

const READ_AGAIN = 'Read the facts again: runbook facts -o FILE';

/** Reads the text of a facts file: its form, and that its digest is that of its content. */
export function parseFacts(text: string): ParsedFacts {
  if (text.trim() === '') return { problem: 'the file is empty', remedy: READ_AGAIN };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `it is not JSON, or only a part of it (${messageOf(error)})`, remedy: READ_AGAIN };
  }
  const head = z.looseObject({}).safeParse(value).data;
  if (head?.['format'] !== FACTS_FORMAT) return { problem: otherKind(head), remedy: READ_AGAIN };
  const { version, program } = head;
  if (typeof version === 'number' && version !== FACTS_VERSION) {
    const by = typeof program === 'string' ? `runbook ${program}` : 'another runbook';
    return {
      problem: `it has version ${version}, and this runbook reads version ${FACTS_VERSION}`,
      remedy: `${by} wrote it: use that one, or read the facts again with this one (runbook facts -o FILE)`,
    };
  }
  const parsed = factsSchema.safeParse(value);
  if (!parsed.success) return { problem: problemsOf(parsed.error.issues, value), remedy: READ_AGAIN };
  const own = factsDigest(parsed.data);
  if (own === parsed.data.digest) {
    const [problem] = contradictions(parsed.data);
    return problem === undefined ? { document: parsed.data } : { problem, remedy: READ_AGAIN };
  }
  return {
    problem: `it was edited or damaged after it was written: its digest is ${parsed.data.digest}, that of its content ${own}`,
    remedy: READ_AGAIN,
  };
}

/** What another file is, as far as its keys show. */
function otherKind(head: Readonly<Record<string, unknown>> | undefined): string {
  const has = (...keys: string[]) => keys.every((key) => head !== undefined && key in head);
  if (head === undefined) return 'it is JSON, but no facts file';
  if (has('phases', 'runbook', 'factsDigest')) return 'it is a saved plan, not a facts file';
  if (has('nodes')) return 'it is the kept facts of a run (facts.json of its folder), which no inventory goes with';
  const format = has('format') ? `is not ${JSON.stringify(FACTS_FORMAT)}` : 'is missing';
  return `it is JSON, but not what \`runbook facts\` writes: format ${format}`;
}
