import type {
  AnyAuthMethod,
  AuthenticationType,
  AuthHandlerMiddleware,
  KeyboardInteractiveCallback,
  Prompt,
} from 'ssh2';
import { identitiesOf, type Identity, type ReadSecret } from './identities.ts';
import type { Login } from './transport.ts';

/** Tries what a login gives, publickey first (without `none`: one round trip less), and keeps it for the message. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware;
  /** What was tried, in order, what could not be, and what the server still wants. */
  report(): string[];
}

interface Try {
  readonly type: AuthenticationType;
  readonly label: string;
  method(): Promise<AnyAuthMethod | string>;
}

export interface AuthenticationOptions {
  readonly readSecret: ReadSecret;
  /** Called with what broke: a secret that could not be read. */
  readonly onError: (error: unknown) => void;
}

export async function authentication(login: Login, options: AuthenticationOptions): Promise<Authentication> {
  const { identities, notes } = await identitiesOf(login, options.readSecret);
  const queue = [...identities.map((identity) => publicKeyTry(identity, login.user)), ...passwordTries(login, options)];
  if (queue.length === 0) {
    const method: AnyAuthMethod = { type: 'none', username: login.user };
    queue.push({ type: 'none', label: 'nothing', method: () => Promise.resolve(method) });
  }
  const tried: string[] = [];
  let wanted: readonly string[] = [];

  const next = async (left: readonly AuthenticationType[] | null): Promise<AnyAuthMethod | false> => {
    if (left) wanted = left;
    for (let entry = queue.shift(); entry; entry = queue.shift()) {
      if (left && !left.includes(entry.type === 'agent' ? 'publickey' : entry.type)) continue;
      const method = await entry.method();
      if (typeof method === 'string') {
        notes.push(`${entry.label}: ${method}`);
        continue;
      }
      tried.push(entry.label);
      return method;
    }
    return false;
  };

  // The declared type does not know that `false` ends it.
  const answer = async (left: AuthenticationType[] | null, done: (method: never) => void): Promise<void> => {
    try {
      (done as (method: AnyAuthMethod | false) => void)(await next(left));
    } catch (error) {
      options.onError(error);
    }
  };

  return {
    handler: (left, _partial, done) => {
      void answer(left, done);
    },
    report: () => [
      `tried as ${login.user}: ${tried.length > 0 ? tried.join(', ') : 'nothing'}`,
      ...notes.map((note) => `not used: ${note}`),
      ...(wanted.length > 0 ? [`the node accepts: ${wanted.join(', ')}`] : []),
    ],
  };
}

function publicKeyTry(identity: Identity, username: string): Try {
  return {
    type: 'publickey',
    label: identity.label,
    method: async () => {
      const credential = await identity.open();
      if (credential.kind === 'unusable') return credential.why;
      return credential.kind === 'key'
        ? { type: 'publickey', username, key: credential.key }
        : { type: 'agent', username, agent: credential.agent };
    },
  };
}

function passwordTries({ user, password: source }: Login, { readSecret, onError }: AuthenticationOptions): Try[] {
  if (source === undefined) return [];
  const read = (): Promise<string> => readSecret(source, `SSH password of ${user}`);
  const answer = (prompts: readonly Prompt[], reply: KeyboardInteractiveCallback): void => {
    // Only a question that hides its answer is one for a password.
    const ask = prompts.map((prompt) => (prompt.echo === true ? Promise.resolve('') : read()));
    Promise.all(ask).then((answers) => reply(answers), onError);
  };
  return [
    {
      type: 'password',
      label: `password (${source})`,
      method: async () => ({ type: 'password', username: user, password: await read() }),
    },
    {
      type: 'keyboard-interactive',
      label: `keyboard-interactive (${source})`,
      method: () =>
        Promise.resolve({
          type: 'keyboard-interactive',
          username: user,
          prompt: (_name, _instructions, _lang, prompts, reply) => answer(prompts, reply),
        }),
    },
  ];
}
