import { stripVTControlCharacters } from 'node:util';

/** Asks the operator on the terminal; never kept: the answer may be a code that holds once. @throws Failure */
export type AskOperator = (question: string, options: { readonly echo: boolean }) => Promise<string>;

const CODE =
  /code|token|\botp\b|one[- ]time|verification|pass ?code|\bpin\b|factor|\bduo\b|challenge|yubikey|authenticator/i;

/** Whether a question of keyboard-interactive is answered by the password of the login: it hides what is typed. */
export function wantsPassword(prompt: string, echo: boolean): boolean {
  return !echo && !CODE.test(prompt);
}

/** A server's words for the terminal, on one line: it could move the cursor and imitate another question. */
export function questionText(name: string, words: readonly string[]): string {
  const clean = words.map((text) =>
    stripVTControlCharacters(text)
      .replace(/\p{Cc}+/gu, ' ')
      .trim(),
  );
  const question = clean.filter((text) => text !== '').join(' ');
  return `${name}: ${question.replace(/:$/, '') || 'a question without words'}`;
}
