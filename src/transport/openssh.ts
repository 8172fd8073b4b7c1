import { finished } from 'node:stream/promises';
import { execa, execaSync } from 'execa';
import { channelOver } from './channel.ts';
import type { ReadSecret } from './identities.ts';
import { JumpHosts, placeOf } from './jump.ts';
import { MarkedStderr, newMark, reporting } from './marked.ts';
import { openMaster, type Master } from './openssh-master.ts';
import type { AskOperator } from './questions.ts';
import { askOperator, readSecret } from './secrets.ts';
import { sessionOver } from './session.ts';
import {
  ChannelRefused,
  ConnectFailure,
  ConnectionLost,
  type Channel,
  type Exit,
  type Session,
  type Target,
  type Transport,
} from './transport.ts';

export interface OpensshOptions {
  readonly readSecret?: ReadSecret;
  readonly ask?: AskOperator;
  readonly notice?: (text: string) => void;
}

/**
 * SSH by the client of OpenSSH, for what the ssh2 package cannot: certificates, GSSAPI, FIDO keys, old algorithms. One
 * connection for each node and each chain of jump hosts; each command is a channel of it.
 */
export class OpensshTransport implements Transport {
  readonly #readSecret: ReadSecret;
  readonly #jumpHosts: JumpHosts<Master>;
  readonly #open: (options: Opening) => Promise<Master>;

  constructor(options: OpensshOptions = {}) {
    this.#readSecret = options.readSecret ?? readSecret;
    const operator = {
      readSecret: this.#readSecret,
      ask: options.ask ?? askOperator,
      notice: options.notice ?? (() => undefined),
    };
    this.#open = (opening) => openMaster({ ...opening, ...operator });
    this.#jumpHosts = new JumpHosts(({ before, ...hop }) => this.#open({ ...hop, through: before }));
  }

  async connect(target: Target, signal?: AbortSignal): Promise<Session> {
    if (!haveOpenssh()) throw noOpenssh(target);
    const lease = await this.#jumpHosts.lease(target, signal);
    try {
      const place = placeOf(target, target.jump);
      const master = await this.#open({ name: target.name, login: target, place, through: lease?.link, signal });
      lease?.opened(true);
      void master.closed.then(() => lease?.release());
      const open = async (command: string): Promise<Channel> => Promise.resolve(exec(target.name, master, command));
      const close = async (): Promise<void> => master.close();
      return sessionOver({ open, closed: master.closed, close }, target, this.#readSecret);
    } catch (error) {
      lease?.opened(false);
      lease?.release();
      throw error;
    }
  }
}

type Opening = Pick<Parameters<typeof openMaster>[0], 'name' | 'login' | 'place' | 'through' | 'signal'>;

let isThere: boolean | undefined;

/** Whether this machine has OpenSSH's client. */
export function haveOpenssh(): boolean {
  isThere ??= execaSync('ssh', ['-V'], { reject: false, stdio: 'ignore' }).exitCode === 0;
  return isThere;
}

function noOpenssh({ name }: Target): ConnectFailure {
  return new ConnectFailure(name, 'protocol', `${name}: this machine has no \`ssh\``, [
    'install OpenSSH (the package openssh-client, or openssh-clients), or set ssh.transport: ssh2',
  ]);
}

function exec(target: string, master: Master, command: string): Channel {
  if (master.lost !== undefined) throw new ConnectionLost(target, master.lost);
  const mark = newMark();
  const marked = new MarkedStderr(mark);
  const args = [...master.share, '-T', '-e', 'none', '--', 'node', reporting(mark, command)];
  // A session of its own: ^C at the terminal is not for what runs on a node.
  const options = { stdio: 'pipe', buffer: false, reject: false, cleanup: false, detached: true } as const;
  const child = execa('ssh', args, options);
  const { stdin, stdout, stderr } = child;
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
  stderr.pipe(marked);
  const whenMarked = finished(marked, { writable: false }).catch(() => undefined);
  const ended = Promise.all([child, whenMarked]).then(([{ exitCode }]): Exit => {
    if (marked.exit) return marked.exit;
    if (isRefusal(exitCode, marked.start)) throw refused(target, marked.start);
    // Any other code is what the node sent: the login shell ended without running the command.
    if (exitCode !== undefined && exitCode !== 255) return { kind: 'exited', code: exitCode };
    return { kind: 'lost', reason: master.lost ?? 'the channel was closed without an exit status' };
  });
  const channel = channelOver({ stdin, stdout, stderr: marked, ended, close: () => void child.kill() });
  // It may be refused before anything waits for its end.
  channel.exit.catch(() => undefined);
  return channel;
}

/** The words of OpenSSH's client where the node opens no (further) channel. */
function isRefusal(code: number | undefined, printed: string): boolean {
  return code === 255 && /^(?:mux_client_request_session: |channel \d+: open failed)/m.test(printed);
}

function refused(target: string, printed: string): ChannelRefused {
  const lines = printed.split(/\r?\n/).filter((line) => line.trim() !== '');
  return new ChannelRefused(
    target,
    'protocol',
    `${target}: its SSH server refused to run a command: ${lines[0] ?? ''}`,
    [...lines.slice(1), 'see MaxSessions and ForceCommand in its sshd_config'],
  );
}
