import { expect } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { ConnectFailure, Target } from '../../src/transport/transport.ts';

/** What the transport asked for since the last login. */
export const asked: string[] = [];

/** `secret`: what each source gives; `typed`: what the operator answers to any other question. */
function transport(secret: string, typed: string): Ssh2Transport {
  asked.length = 0;
  return new Ssh2Transport({
    readSecret: async (source, question) => {
      asked.push(`${source}: ${question}`);
      return secret;
    },
    ask: async (question, { echo }) => {
      asked.push(`${echo ? 'shown' : 'hidden'}: ${question}`);
      return typed;
    },
  });
}

export async function hello(target: Target, secret = '', typed = ''): Promise<string> {
  const session = await transport(secret, typed).connect(target);
  const { stdout } = await session.exec('echo hello');
  await session.close();
  return stdout.toString();
}

export async function refusal(target: Target, secret = '', typed = ''): Promise<string> {
  const failure = (await hello(target, secret, typed).catch((error: unknown) => error)) as ConnectFailure;
  expect(failure).toMatchObject({ name: 'ConnectFailure', reason: 'authentication' });
  return [failure.message, ...failure.detail].join('\n');
}
