import type { Candidate } from './candidate.ts';
import { readLine } from './line.ts';
import { valuesOf } from './values.ts';
import type { KnownWords } from './words.ts';

/** What a shell is answered. */
export interface Answer {
  readonly candidates: readonly Candidate[];
  /** Paths are among the candidates: a shell quotes and lists them as such. */
  readonly paths: boolean;
}

/** Longest description, in characters. */
const LONGEST = 100;
const MOST = 500;

/**
 * What the last of the words can become. Contacts nothing, and runs nothing: it reads the files that the line names.
 * Never throws for what is in them.
 */
export async function complete(known: KnownWords, words: readonly string[]): Promise<Answer> {
  const line = readLine(known.root, words);
  const { at, command } = line;
  switch (at.kind) {
    case 'nothing':
      return { candidates: [], paths: false };
    case 'command':
      return answer(
        command.commands.map(({ name, description }) => ({ value: name, description })),
        at.word,
      );
    case 'option': {
      // One that takes a value may be repeated; a switch may not.
      const left = command.options.filter((option) => option.value !== undefined || !line.used.has(option));
      return answer(
        left.flatMap(({ names, description }) => names.map((value) => ({ value, description }))),
        at.word,
      );
    }
    case 'value': {
      const { option, word, before } = at;
      const found = await valuesOf({ known, line, word, names: [...option.names, option.value ?? ''] }, option.choices);
      const { candidates, paths } = answer(found, word);
      return { candidates: candidates.map((one) => ({ ...one, value: `${before}${one.value}` })), paths };
    }
    case 'argument': {
      const { argument, word } = at;
      const names = [`${line.path} ${argument.name}`, argument.name];
      return answer(await valuesOf({ known, line, word, names }, argument.choices), word);
    }
  }
}

function answer(found: readonly Candidate[], word: string): Answer {
  const fitting = found.filter(({ value }) => value.startsWith(word) && !/\p{Cc}/u.test(value));
  const byValue = new Map(fitting.slice(0, MOST).map((one) => [one.value, one] as const));
  const candidates = [...byValue.values()].map(({ description, ...one }) =>
    description === undefined || description === '' ? one : { ...one, description: short(description) },
  );
  return { candidates, paths: candidates.some(({ path }) => path === true) };
}

/** One line without control characters: descriptions are from documents, and go to a terminal. */
function short(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST - 1)}…` : plain;
}
