import { createHash, timingSafeEqual } from 'node:crypto';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel, type Session } from 'ssh2';
import { serveHelper } from './helper.ts';
import { loginEnv } from './attempts.ts';
import { planExec, readsStdin } from './exec-line.ts';
import type { Machine } from './machine.ts';
import { Turns } from './turns.ts';

export interface SshServerOptions {
  readonly machine: Machine;
  /** Private key in OpenSSH format. */
  readonly hostKey: string;
  /** The only key that may log in. */
  readonly clientKey: ParsedKey;
}

/** Milliseconds within which a client that sends stdin begins; a script that reads none starts after that. */
const stdinPatience = 150;
const logins: Readonly<Record<string, number>> = { ops: 1000, root: 0 };

/** The SSH server of one machine; not yet listening. */
export function createSshServer(options: SshServerOptions): ssh2.Server {
  return new ssh2.Server({ hostKeys: [options.hostKey], ident: 'runbook-lab' }, (client) =>
    serveConnection(client, options),
  );
}

function serveConnection(client: Connection, options: SshServerOptions): void {
  const { machine } = options;
  if (!machine.up) {
    client.end();
    return;
  }
  const killable = { kill: () => destroy(client) };
  machine.connections.add(killable);
  let uid = 1000;
  client.on('close', () => machine.connections.delete(killable));
  client.on('error', () => machine.connections.delete(killable));
  client.on('authentication', (context) => {
    const login = logins[context.username];
    if (login !== undefined && isAllowed(context, options.clientKey)) {
      uid = login;
      context.accept();
    } else context.reject(['publickey']);
  });
  client.on('session', (accept) => serveSession(accept(), options, () => uid));
}

/** Cuts the TCP connection without a farewell. */
function destroy(client: Connection): void {
  const socket = (client as unknown as { _sock?: { destroy(): void } })._sock;
  if (socket) socket.destroy();
  else client.end();
}

function isAllowed(context: AuthContext, key: ParsedKey): boolean {
  if (context.method !== 'publickey') return false;
  const known = key.getPublicSSH();
  if (context.key.data.length !== known.length || !timingSafeEqual(context.key.data, known)) return false;
  if (!context.signature || !context.blob) return true;
  return key.verify(context.blob, context.signature, context.hashAlgo);
}

function serveSession(session: Session, options: SshServerOptions, uid: () => number): void {
  const env: Record<string, string> = {};
  session.on('env', (accept, _reject, info) => {
    env[info.key] = info.val;
    if (accept) accept();
  });
  session.on('pty', (accept) => accept?.());
  session.on(
    'exec',
    (accept, _reject, info) => void runExec(accept(), info.command, options.machine, uid(), env, session),
  );
  session.on('shell', (accept) => {
    const channel = accept();
    channel.stderr.write(
      `This is the simulated node ${options.machine.name}. It has no interactive shell: ssh NODE 'COMMAND'\r\n`,
    );
    channel.exit(1);
    channel.end();
  });
}

async function runExec(
  channel: ServerChannel,
  line: string,
  machine: Machine,
  login: number,
  env: Readonly<Record<string, string>>,
  session: Session,
): Promise<void> {
  const plan = planExec(line, login);
  channel.on('error', () => undefined);
  if (plan.marks.stdout) channel.write(plan.marks.stdout);
  if (plan.marks.stderr) channel.stderr.write(plan.marks.stderr);
  if (plan.run.kind === 'helper') {
    await serveHelper({
      machine,
      uid: plan.uid,
      programSize: plan.run.programSize,
      root: plan.run.root,
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      env,
    });
    finish(channel, 0);
    return;
  }
  const abort = new AbortController();
  session.on('signal', (accept) => {
    abort.abort();
    accept?.();
  });
  const stdin = await collectStdin(channel, plan.run.kind === 'stdin' || readsStdin(plan.run.script));
  const whole =
    plan.run.kind === 'stdin'
      ? { script: stdin.toString('utf8'), args: [], stdin: '' }
      : { ...plan.run, stdin: stdin.toString('latin1') };
  const turns = new Turns(channel);
  const code = await machine.run({
    script: whole.script,
    args: whole.args,
    stdin: whole.stdin,
    uid: plan.uid,
    env: { ...loginEnv(plan.uid), ...env },
    cwd: plan.uid === 0 ? '/root' : '/home/ops',
    signal: abort.signal,
    out: (chunk) => void turns.write(channel, chunk),
    err: (chunk) => void turns.write(channel.stderr, chunk),
  });
  if (plan.run.kind === 'stdin') {
    void turns.write(channel, `${plan.run.end} ${code}\n`);
    void turns.write(channel.stderr, plan.run.end);
  }
  await turns.write(channel, '');
  finish(channel, code);
}

function finish(channel: ServerChannel, code: number): void {
  if (!channel.writable) return;
  channel.exit(code);
  channel.end();
}

/** All of stdin; nothing where no stdin is needed and none begins to come. */
function collectStdin(channel: ServerChannel, needed: boolean): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const done = () => {
      clearTimeout(patience);
      resolve(Buffer.concat(chunks));
      channel.removeAllListeners('data');
      channel.resume();
    };
    const patience = needed ? undefined : setTimeout(done, stdinPatience);
    channel.on('data', (chunk: Buffer) => {
      clearTimeout(patience);
      chunks.push(chunk);
    });
    channel.once('end', done);
    channel.once('close', done);
  });
}

export function fingerprint(key: ParsedKey): string {
  return `SHA256:${createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '')}`;
}
