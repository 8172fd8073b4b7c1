import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import ssh2 from 'ssh2';
import type { Client, ConnectConfig, KexAlgorithm, ServerHostKeyAlgorithm } from 'ssh2';
import { Failure } from '../failure.ts';
import { authentication, type Authentication } from './authentication.ts';
import { describeFailure, type LinkPhase } from './connect-errors.ts';
import { Deadline } from './deadline.ts';
import { Printed } from './await-mark.ts';
import { deferred } from './deferred.ts';
import { knownAs, readKnownHosts, refuseHostKey, type Place } from './host-key.ts';
import type { ReadSecret } from './identities.ts';
import { knownKeyTypes, type KnownHostLine } from './known-hosts.ts';
import { ProxyStream } from './proxy-command.ts';
import type { AskOperator } from './questions.ts';
import { sentPasswords } from './sent-passwords.ts';
import { ConnectFailure, type Login } from './transport.ts';

/** One authenticated SSH connection, to a node or to a jump host. */
export interface Link {
  readonly client: Client;
  /** Why it is gone; undefined while it is open. */
  readonly lost: string | undefined;
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

export interface LinkOptions {
  /** For messages: the node's name, or `jump host USER@ADDRESS`. */
  readonly name: string;
  readonly login: Login;
  readonly place: Place;
  readonly readSecret: ReadSecret;
  readonly ask: AskOperator;
  /** A stream to the place's port; it is destroyed with the link. `signal`: the attempt was given up. */
  dial(signal: AbortSignal): Promise<Duplex>;
  readonly signal?: AbortSignal | undefined;
}

/** No group exchange: its primes cost seconds of CPU. No SHA-1. */
const KEX: KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group15-sha512',
  'diffie-hellman-group18-sha512',
];

const HOST_KEYS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/**
 * Dials, verifies the host key and logs in, all within `login.connectTimeout`.
 * @throws ConnectFailure
 */
export async function openLink(options: LinkOptions): Promise<Link> {
  const attempt = new LinkAttempt(options);
  try {
    return await attempt.run();
  } catch (error) {
    attempt.abandon();
    throw error;
  }
}

class LinkAttempt {
  readonly #options: LinkOptions;
  #client: Client | undefined;
  readonly #failed = deferred<never>();
  readonly #deadline: Deadline;
  readonly #givenUp = new AbortController();
  #sock: Duplex | undefined;
  #auth: Authentication | undefined;
  readonly #banner = new Printed();
  #phase: LinkPhase = 'dialling';
  #over = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    // A failure may come before anything waits for it.
    this.#failed.promise.catch(() => undefined);
    this.#deadline = new Deadline(options.login.connectTimeout, () => this.#fail('time limit'));
  }

  async run(): Promise<Link> {
    const { login, signal } = this.#options;
    const onAbort = (): void => this.#fail('aborted');
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      const known = await this.#orFail(readKnownHosts(login));
      this.#auth = await this.#orFail(this.#authentication());
      const sock = this.#orFail(this.#dial());
      sock.catch(() => undefined);
      // The client, which takes long to load, is loaded while the node answers.
      await setImmediate();
      this.#client = new ssh2.Client();
      this.#sock = await sock;
      this.#phase = 'handshake';
      return await this.#orFail(this.#handshake(this.#client, this.#sock, known));
    } finally {
      this.#over = true;
      this.#deadline.clear();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  abandon(): void {
    this.#givenUp.abort();
    this.#client?.on('error', () => undefined);
    this.#client?.destroy();
    this.#sock?.destroy();
  }

  /** Rejects with what fails first; what the work itself throws counts as a failure of the connection, too. */
  async #orFail<T>(work: Promise<T>): Promise<T> {
    work.catch((error: unknown) => this.#fail(error));
    return Promise.race([work, this.#failed.promise]).catch(() => this.#failed.promise);
  }

  #fail(cause: unknown): void {
    // ^C at a prompt is not a failure of the node.
    const isKnown = cause instanceof ConnectFailure || (cause instanceof Failure && cause.kind === 'cancelled');
    this.#failed.reject(isKnown ? cause : this.#described(cause));
  }

  #described(cause: unknown): ConnectFailure {
    const evidence = { tried: this.#auth?.report() ?? [], banner: this.#banner.text };
    const failure = describeFailure(this.#options, this.#phase, cause, evidence);
    if (!(this.#sock instanceof ProxyStream)) return failure;
    const { target, reason, message, detail } = failure;
    return new ConnectFailure(target, reason, message, [...this.#sock.notes(), ...detail], { cause });
  }

  async #authentication(): Promise<Authentication> {
    const { name, login, readSecret, ask } = this.#options;
    return authentication(login, {
      name,
      readSecret: (source, question) => this.#deadline.pausedWhile(() => readSecret(source, question)),
      ask: (question, how) => this.#deadline.pausedWhile(() => ask(question, how)),
      sent: sentPasswords(readSecret),
      onError: (error) => this.#fail(error),
    });
  }

  async #dial(): Promise<Duplex> {
    const sock = await this.#options.dial(this.#givenUp.signal);
    // Too late: the attempt was given up while the jump host was still dialling.
    if (this.#over) sock.destroy();
    return sock;
  }

  #handshake(client: Client, sock: Duplex, known: readonly KnownHostLine[]): Promise<Link> {
    const ready = deferred<Link>();
    let link: OpenLink | undefined;
    let trouble: string | undefined;
    client.on('handshake', () => (this.#phase = 'authentication'));
    client.on('banner', (text) => this.#banner.add(text));
    client.on('change password', () => this.#fail('change password'));
    client.on('ready', () => ready.resolve((link = new OpenLink(client, sock))));
    client.on('error', (error) => {
      // One agent key that cannot sign does not end the attempt: the next one is tried.
      if (error.level === 'agent') return;
      trouble ??= error.level === 'client-timeout' ? 'it no longer answers (keepalive)' : error.message;
      if (!link) this.#fail(error);
    });
    // The far side of a forwarded channel may end it without closing it.
    client.on('end', () => sock.destroy());
    client.on('close', () => {
      if (link) link.gone(trouble ?? 'the connection was closed by the other side');
      else this.#fail('closed');
    });
    client.connect(this.#config(sock, known));
    client.setNoDelay(true);
    return ready.promise;
  }

  #config(sock: Duplex, known: readonly KnownHostLine[]): ConnectConfig {
    const { name, login, place } = this.#options;
    const { host, port } = knownAs(login, place);
    const types = new Set([...knownKeyTypes(known, host, port), ...Object.keys(HOST_KEYS)]);
    const config: ConnectConfig = {
      sock: sock,
      username: login.user,
      readyTimeout: 0,
      keepaliveInterval: login.keepaliveInterval,
      keepaliveCountMax: login.keepaliveCountMax ?? 3,
      algorithms: { kex: KEX, serverHostKey: [...types].flatMap((type) => HOST_KEYS[type] ?? []) },
      hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
        refuseHostKey({ name, login, place }, known, key).then(
          (failure) => {
            if (failure) this.#fail(failure);
            verify(failure === undefined);
          },
          (error: unknown) => {
            this.#fail(error);
            verify(false);
          },
        );
      },
    };
    if (this.#auth) config.authHandler = this.#auth.handler;
    return config;
  }
}

/** Milliseconds that a polite goodbye may take. */
const GOODBYE = 1000;

class OpenLink implements Link {
  readonly client: Client;
  readonly closed: Promise<string>;
  readonly gone: (reason: string) => void;
  lost: string | undefined;
  readonly #sock: Duplex;

  constructor(client: Client, sock: Duplex) {
    this.client = client;
    this.#sock = sock;
    const { promise, resolve } = deferred<string>();
    this.closed = promise;
    this.gone = (reason) => {
      this.lost ??= reason;
      resolve(this.lost);
    };
  }

  async close(): Promise<void> {
    if (this.lost !== undefined) return;
    const timer = setTimeout(() => {
      this.#sock.destroy();
      this.gone('closed');
    }, GOODBYE);
    this.client.end();
    await this.closed;
    clearTimeout(timer);
  }
}
