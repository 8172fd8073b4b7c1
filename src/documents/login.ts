import type { SshSettings } from '../transport/ssh-config.ts';
import type { Login } from '../transport/transport.ts';
import type { InventoryNode } from './model.ts';

export type Ssh = Omit<InventoryNode['ssh'], 'jump'>;

type Env = Readonly<Record<string, string | undefined>>;

export interface Surroundings {
  readonly env: Env;
  readonly exists: (path: string) => boolean;
  /** A path of the inventory, absolute. */
  readonly path: (text: string) => string;
  readonly currentUser: (env: Env) => string;
}

export const NO_SETTINGS: SshSettings = { options: new Map() };

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** One login: setting by setting the inventory's, else that of ssh_config, else the default. */
export function loginOf(host: string, ssh: Ssh, config: SshSettings, surroundings: Surroundings): Login {
  const { env, exists, path, currentUser } = surroundings;
  const secret = (source: string): string =>
    source.startsWith('file:') ? `file:${path(source.slice('file:'.length))}` : source;
  const defaultKeys = (): string[] => DEFAULT_KEYS.map((name) => path(`~/.ssh/${name}`)).filter((key) => exists(key));
  return {
    host: config.hostName ?? host,
    ...(config.hostName === undefined || config.hostName === host ? {} : { configName: host }),
    port: ssh.port ?? config.port ?? 22,
    user: ssh.user ?? config.user ?? currentUser(env),
    identityFiles: ssh.identityFile?.map(path) ?? config.identityFiles ?? (ssh.agent === 'only' ? [] : defaultKeys()),
    ...(ssh.agent === 'only' ? { agentOnly: true } : {}),
    ...(config.identitiesOnly === true ? { identitiesOnly: true } : {}),
    ...(config.certificateFiles === undefined ? {} : { certificateFiles: config.certificateFiles }),
    ...agentOf(ssh, config, env),
    ...(ssh.passwordFrom === undefined ? {} : { password: secret(ssh.passwordFrom) }),
    ...(ssh.passphraseFrom === undefined ? {} : { passphrase: secret(ssh.passphraseFrom) }),
    knownHosts: ssh.knownHosts?.map(path) ?? [
      ...((ssh.hostKeyChecking === 'accept-new' && !keepsKeys(config) ? undefined : config.userKnownHosts) ?? [
        path('~/.ssh/known_hosts'),
      ]),
      ...(config.globalKnownHosts ?? ['/etc/ssh/ssh_known_hosts']),
    ],
    hostKeyChecking: ssh.hostKeyChecking ?? (acceptsNew(ssh, config) ? 'accept-new' : 'strict'),
    ...(config.hostKeyAlias === undefined ? {} : { hostKeyAlias: config.hostKeyAlias }),
    connectTimeout: ssh.connectTimeout ?? config.connectTimeout ?? 10_000,
    keepaliveInterval: ssh.keepalive ?? config.serverAliveInterval ?? 15_000,
    ...(config.serverAliveCountMax === undefined ? {} : { keepaliveCountMax: config.serverAliveCountMax }),
  };
}

function agentOf(ssh: Ssh, { identityAgent }: SshSettings, env: Env): Pick<Login, 'agentSocket'> {
  if (ssh.agent === false || (identityAgent === 'none' && ssh.agent === undefined)) return {};
  const isPath = identityAgent !== undefined && identityAgent !== 'none' && identityAgent !== 'SSH_AUTH_SOCK';
  const agentSocket = isPath ? identityAgent : env['SSH_AUTH_SOCK'];
  return agentSocket ? { agentSocket } : {};
}

/** ssh_config may only tighten: with no file that keeps keys, accept-new would trust anyone each time. */
function acceptsNew(ssh: Ssh, config: SshSettings): boolean {
  return config.strictHostKeyChecking === 'accept-new' && (ssh.knownHosts !== undefined || keepsKeys(config));
}

function keepsKeys({ userKnownHosts }: SshSettings): boolean {
  return userKnownHosts === undefined || (userKnownHosts[0] ?? '/dev/null') !== '/dev/null';
}

/** What of ssh_config is not followed, as a sentence without its subject; undefined: all of it is. */
export function loosening(ssh: Ssh, config: SshSettings): string | undefined {
  if (ssh.hostKeyChecking !== undefined) return undefined;
  if (config.strictHostKeyChecking === 'no') return 'StrictHostKeyChecking no';
  if (config.strictHostKeyChecking !== 'accept-new' || acceptsNew(ssh, config)) return undefined;
  return 'StrictHostKeyChecking accept-new without a file that keeps keys';
}
