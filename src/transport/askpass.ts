import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { quote } from './quote.ts';

/** What OpenSSH's client asks (SSH_ASKPASS in ssh(1)). */
export interface Question {
  readonly text: string;
  /** `notice`: it wants no answer, it waits for a touch of a FIDO key; `confirm`: yes or no. */
  readonly kind: 'secret' | 'notice' | 'confirm';
}

export interface AskPass {
  /** The program for SSH_ASKPASS. */
  readonly program: string;
  close(): void;
}

/** Sends the question to a socket and prints what comes back. It gets no secret by argument or variable. */
const HELPER = `
const { connect } = require('node:net');
const [path, text] = process.argv.slice(1);
const socket = connect(path, () => socket.end(JSON.stringify({ text, kind: process.env.SSH_ASKPASS_PROMPT ?? '' })));
socket.on('error', () => process.exit(1));
socket.pipe(process.stdout);
`;

/**
 * Answers what ssh asks, by a socket in a private folder. An `answer` that rejects leaves ssh waiting: it must be ended
 * then, for an empty answer would count as a wrong password.
 */
export async function openAskPass(folder: string, answer: (question: Question) => Promise<string>): Promise<AskPass> {
  const socketPath = join(folder, 'ask');
  const program = join(folder, 'askpass');
  const script = `#!/bin/sh\nexec ${quote(process.execPath)} -e ${quote(HELPER)} ${quote(socketPath)} "$1"\n`;
  await writeFile(program, script, { mode: 0o700 });
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    reply(socket, answer).catch(() => undefined);
  });
  await listen(server, socketPath);
  await chmod(socketPath, 0o600);
  return {
    program,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function reply(socket: Socket, answer: (question: Question) => Promise<string>): Promise<void> {
  let asked = '';
  for await (const chunk of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) asked += String(chunk);
  const secret = await answer(questionOf(asked));
  socket.end(`${secret}\n`);
}

const question = z.object({ text: z.string(), kind: z.string() });

function questionOf(json: string): Question {
  const { text, kind } = question.parse(JSON.parse(json));
  const kinds: Readonly<Record<string, Question['kind']>> = { none: 'notice', confirm: 'confirm' };
  return { text, kind: kinds[kind] ?? 'secret' };
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}
