import type { Readable, Writable } from 'node:stream';

/** How to log in to one machine: a node, or a jump host on the way to it. Every default is filled in. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  /** Whether only the keys of `identityFiles` are offered, of the agent's too (IdentitiesOnly of ssh_config(5)). */
  readonly identitiesOnly?: boolean;
  /** User certificates beside those next to a key, as `KEY-cert.pub` (CertificateFile of ssh_config(5)). */
  readonly certificateFiles?: readonly string[];
  /** No private key file is opened: `identityFiles` only say which keys of the agent to offer first. */
  readonly agentOnly?: boolean;
  /** The SSH agent's socket, or undefined for none. */
  readonly agentSocket?: string;
  /** Asked for at most once per process and source; undefined: no password login. */
  readonly password?: SecretSource;
  readonly passphrase?: SecretSource;
  readonly knownHosts: readonly string[];
  readonly hostKeyChecking: 'strict' | 'accept-new' | 'off';
  /** The name in known_hosts instead of host and port (HostKeyAlias of ssh_config(5)). */
  readonly hostKeyAlias?: string;
  /** A command of the operator's machine whose stdin and stdout are the connection to `host`; tokens are expanded. */
  readonly proxyCommand?: string;
  /** The name by which ssh_config(5) knows it, where its HostName gave `host`. */
  readonly configName?: string;
  /** The ssh_config(5) files that count, absolute; undefined: those of `ssh`. */
  readonly configFiles?: readonly string[];
  /** Milliseconds for TCP connect + key exchange + authentication. */
  readonly connectTimeout: number;
  /** Milliseconds between keepalives. */
  readonly keepaliveInterval: number;
  /** So many unanswered keepalives end the connection; 3 unless given. */
  readonly keepaliveCountMax?: number;
}

/** How to log in to one node and to become root there. */
export interface Target extends Login {
  /** The node's name in the inventory: used in messages only. */
  readonly name: string;
  /** Hosts to go through, first hop first. */
  readonly jump: readonly Login[];
  readonly become: Become;
  /** The way to connect; undefined: as the login needs. */
  readonly transport?: 'ssh2' | 'openssh';
}

/** Where a secret comes from: `prompt` | `env:NAME` | `file:PATH` | `command:CMD`. */
export type SecretSource = string;

export interface Become {
  readonly method: 'sudo' | 'doas' | 'su' | 'none';
  /** Whose rights commands get; root unless given. */
  readonly user?: string;
  /** For sudo that of the login's user, for su that of `user`. */
  readonly password?: SecretSource;
  /** Milliseconds within which it must start a command; 30 s unless given. */
  readonly timeout?: number;
}

/** How a remote process ended. `lost`: the link went away and the end is not known; never read it as success. */
export type Exit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'lost'; readonly reason: string };

/** A running remote process, already elevated as the target's `become` says. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles after stdout and stderr have ended (both must be consumed). Never rejects. */
  readonly exit: Promise<Exit>;
  /** Closes the channel; the process on the other side may live on. */
  close(): void;
}

export interface ExecOptions {
  readonly stdin?: string | Uint8Array;
  /** Milliseconds; at the limit the channel is closed and the exit is `lost`. */
  readonly timeout?: number;
  /** Upper limit of kept bytes of stdout (and, apart from it, of stderr); more is an error. Default 256 MiB. */
  readonly maxBuffer?: number;
}

export interface ExecResult {
  readonly exit: Exit;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** One open link to one node. Several channels may be open at once (OpenSSH allows 10). */
export interface Session {
  readonly target: string;
  /** Runs a program under `sh`: `command` is one POSIX sh command line, elevated by `become`. @throws ConnectionLost */
  open(command: string): Promise<Channel>;
  /**
   * `giveUp` is called when someone waits for a channel and none is free: it closes those that are only kept for later,
   * and returns their ends. Not there: this session refuses instead of waiting.
   */
  whenCrowded?(giveUp: () => readonly Promise<unknown>[]): void;
  /** {@link open}, with its output collected. @throws ConnectionLost when the link ends before the command is sent. */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  /** Settles when the link is gone, with the reason; never rejects. */
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

/** A way to connect to nodes. */
export interface Transport {
  /** @throws ConnectFailure */
  connect(target: Target, signal?: AbortSignal): Promise<Session>;
}

/** The node could not be reached or trusted. `detail` holds fingerprints, known_hosts lines and what to do next. */
export class ConnectFailure extends Error {
  readonly target: string;
  readonly reason:
    | 'unreachable'
    | 'timeout'
    | 'host-key-unknown'
    | 'host-key-changed'
    | 'host-key-revoked'
    | 'authentication'
    | 'shell'
    | 'become'
    | 'remote-dir'
    | 'protocol';
  readonly detail: readonly string[];
  constructor(
    target: string,
    reason: ConnectFailure['reason'],
    message: string,
    detail: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ConnectFailure';
    this.target = target;
    this.reason = reason;
    this.detail = detail;
  }
}

/** The link holds, but the node's server opens no further channel on it now (MaxSessions of sshd_config(5)). */
export class ChannelRefused extends ConnectFailure {
  override readonly name = 'ChannelRefused';
}

/** An established link went away. */
export class ConnectionLost extends Error {
  readonly target: string;
  constructor(target: string, reason: string, options?: ErrorOptions) {
    super(`lost the connection to ${target}: ${reason}`, options);
    this.name = 'ConnectionLost';
    this.target = target;
  }
}
