import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, Prompt } from 'ssh2';
import { identitiesOf, type Identity, type ReadSecret } from './identities.ts';
import { questionText, wantsPassword, type AskOperator } from './questions.ts';
import type { SentPasswords } from './sent-passwords.ts';
import type { Login, SecretSource } from './transport.ts';
import { TrySequence, type Try } from './try-sequence.ts';

/** Tries what a login gives, publickey first (without `none`: one round trip less), and keeps it for the message. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware;
  /** What was tried, in order, what could not be, and what the server still wants. */
  report(): string[];
}

export interface AuthenticationOptions {
  /** For questions: the node's name, or `jump host USER@ADDRESS`. */
  readonly name: string;
  readonly readSecret: ReadSecret;
  readonly ask: AskOperator;
  readonly sent: SentPasswords;
  /** Called with what broke: a secret that could not be read. */
  readonly onError: (error: unknown) => void;
}

export async function authentication(login: Login, options: AuthenticationOptions): Promise<Authentication> {
  const { identities, notes } = await identitiesOf(login, options.readSecret);
  const tries = [
    ...identities.map((identity) => publicKeyTry(identity, login.user)),
    ...(login.password === undefined ? [] : [passwordTry(login, login.password, options)]),
    interactiveTry(login, options),
  ];
  const sequence = new TrySequence(tries, nothingTry(login));

  let last: Try | undefined;
  /** A server that does not offer a method has not looked at what it sent. */
  const learn = (left: readonly AuthenticationType[] | null, partial: boolean): void => {
    if (last?.sentPassword?.() === true && !partial && left?.includes(last.type) === true)
      options.sent.refuse(placeOf(login));
    last = undefined;
  };

  const next = async (left: readonly AuthenticationType[] | null, partial: boolean): Promise<AnyAuthMethod | false> => {
    learn(left, partial);
    sequence.answered(left, partial);
    for (let entry = sequence.next(); entry; entry = sequence.next()) {
      const attempt = await entry.method();
      if (typeof attempt !== 'string') {
        last = entry;
        return sequence.sending(entry, attempt);
      }
      notes.push(`${entry.label}: ${attempt}`);
    }
    return false;
  };

  // The declared type does not know that `false` ends it.
  const answer = async (
    left: AuthenticationType[] | null,
    partial: boolean,
    done: (method: never) => void,
  ): Promise<void> => {
    try {
      (done as (method: AnyAuthMethod | false) => void)(await next(left, partial));
    } catch (error) {
      options.onError(error);
    }
  };

  return {
    handler: (left, partial: boolean | null, done) => {
      void answer(left, partial === true, done);
    },
    report: () => [
      `tried as ${login.user}: ${sequence.tried.length > 0 ? sequence.tried.join(', ') : 'nothing'}`,
      ...notes.map((note) => `not used: ${note}`),
      ...sequence.report(),
      ...(login.password === undefined && (sequence.wants('password') || sequence.wants('keyboard-interactive'))
        ? ['to log in by a password, set ssh.passwordFrom']
        : []),
    ],
  };
}

/** The server's answer names what it accepts. */
function nothingTry({ user: username }: Login): Try {
  return { type: 'none', label: 'nothing', method: () => Promise.resolve({ send: { type: 'none', username } }) };
}

function publicKeyTry(identity: Identity, username: string): Try {
  return {
    type: 'publickey',
    label: identity.label,
    method: async () => {
      const credential = await identity.open();
      if (credential.kind === 'unusable') return credential.why;
      if (credential.kind === 'key') return { send: { type: 'publickey', username, key: credential.key } };
      return { send: { type: 'agent', username, agent: credential.agent }, agent: credential.agent };
    },
  };
}

const NOT_AGAIN = 'this password was refused, it is not sent again';

/** Where a password goes, for what is known of those that were sent. */
function placeOf({ host, port, user, password }: Login): string {
  return JSON.stringify([host, port, user, password]);
}

function passwordTry(login: Login, source: SecretSource, { readSecret, sent }: AuthenticationOptions): Try {
  const { user: username } = login;
  return {
    type: 'password',
    label: `password (${source})`,
    sentPassword: () => true,
    method: async () => {
      if (sent.isRefused(placeOf(login))) return NOT_AGAIN;
      const password = await readSecret(source, `SSH password of ${username}`);
      return { send: { type: 'password', username, password } };
    },
  };
}

function interactiveTry(login: Login, options: AuthenticationOptions): Try {
  const { user: username, password: source } = login;
  const { name, readSecret, ask, onError, sent } = options;
  // Where something else was asked for as well, that may be what was wrong.
  let onlyPassword = true;
  const answerAll = async (title: string, instructions: string, prompts: readonly Prompt[]): Promise<string[]> => {
    const answers: string[] = [];
    for (const { prompt, echo = false } of prompts) {
      const isForPassword = source !== undefined && wantsPassword(prompt, echo);
      onlyPassword &&= isForPassword;
      const answer = isForPassword
        ? readSecret(source, `SSH password of ${username}`)
        : ask(questionText(name, [title, instructions, prompt]), { echo });
      answers.push(await answer);
    }
    return answers;
  };
  return {
    type: 'keyboard-interactive',
    label: `keyboard-interactive (${source ?? 'asking'})`,
    lastResort: source === undefined,
    sentPassword: () => onlyPassword,
    method: async () => {
      if (sent.isRefused(placeOf(login))) return Promise.resolve(NOT_AGAIN);
      return Promise.resolve({
        send: {
          type: 'keyboard-interactive',
          username,
          prompt: (title, instructions, _language, prompts, reply) => {
            answerAll(title, instructions, prompts).then(reply, onError);
          },
        },
      });
    },
  };
}
