import { Failure } from '../failure.ts';
import type { Question } from './askpass.ts';
import type { ReadSecret } from './identities.ts';
import { questionText, wantsPassword, type AskOperator } from './questions.ts';
import type { Login } from './transport.ts';

/** Who answers what ssh asks. */
export interface Answering {
  readonly name: string;
  readonly login: Login;
  readonly readSecret: ReadSecret;
  readonly ask: AskOperator;
  readonly notice: (text: string) => void;
}

/**
 * The answer to one question of ssh; an empty one makes it leave out a key. `notes`: what could not be answered.
 * @throws Failure where there is no answer: ssh must be ended, for an empty one would count as a wrong password
 */
export async function answerSsh({ text, kind }: Question, who: Answering, notes: string[]): Promise<string> {
  const { name, login, readSecret, ask, notice } = who;
  if (kind === 'notice') {
    notice(questionText(name, [text]));
    return new Promise(() => undefined);
  }
  if (kind === 'confirm') throw new Failure('unreachable', `ssh asks to confirm: ${questionText(name, [text])}`);
  const [, key] = /^Enter passphrase for (?:key )?'?(.*?)'?: ?$/.exec(text) ?? [];
  if (key !== undefined) {
    if (login.passphrase !== undefined) return readSecret(login.passphrase, `Passphrase of ${key}`);
    notes.push(`${key}: is encrypted, and no passphraseFrom is given`);
    return '';
  }
  // keyboard-interactive: the client puts who is asked for before the server's words.
  const words = text.replace(/^\([^()\s]*@[^()\s]*\) /, '');
  if (/'s password: ?$/.test(text) || wantsPassword(words, false)) {
    if (login.password !== undefined) return readSecret(login.password, `SSH password of ${login.user}`);
    if (/'s password: ?$/.test(text)) throw noPassword(name, text);
  }
  return ask(questionText(name, [words]), { echo: false });
}

function noPassword(name: string, text: string): Failure {
  return new Failure('unreachable', `the node asks for a password: ${questionText(name, [text])}`, [
    'set ssh.passwordFrom (prompt, env:NAME, file:PATH or command:CMD)',
  ]);
}
