import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { Become, Login, Target } from '../transport/transport.ts';
import type { Inventory, InventoryNode } from './model.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * How to log in to a node: the inventory's values, with every default filled in. Paths are absolute, `~` is the
 * operator's home, relative ones start at the inventory's folder.
 */
export function targetFor(
  node: InventoryNode,
  inventory: Pick<Inventory, 'folder'>,
  env: Env = process.env,
  exists: (path: string) => boolean = existsSync,
): Target {
  const { jump = [], ...ssh } = node.ssh;
  const login = loginFor(node.host, ssh, { folder: inventory.folder, env, exists });
  return {
    name: node.name,
    ...login,
    ...(ssh.transport === undefined ? {} : { transport: ssh.transport }),
    jump: jump.map((hop) => loginFor(hop.host, hopSsh(hop, ssh), { folder: inventory.folder, env, exists })),
    become: becomeFor(login.user, node.become, (source) => secretSource(source, inventory.folder, env)),
  };
}

/** A user needs nothing to become itself, and sudo is not installed everywhere. */
function becomeFor(
  login: string,
  { method, user = 'root', passwordFrom, timeout }: InventoryNode['become'],
  secret: (source: string) => string,
): Become {
  if (method === 'none' || login === user) return { method: 'none' };
  return {
    method,
    ...(user === 'root' ? {} : { user }),
    ...(passwordFrom === undefined ? {} : { password: secret(passwordFrom) }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

type Ssh = Omit<InventoryNode['ssh'], 'jump'>;
type Hop = NonNullable<InventoryNode['ssh']['jump']>[number];

/** What a jump host does not say is as for the node, but for its port and password: that is never sent to another. */
function hopSsh({ host: _host, ...own }: Hop, { port: _port, passwordFrom: _password, ...ofNode }: Ssh): Ssh {
  return { ...ofNode, ...own };
}

interface Surroundings {
  readonly folder: string | undefined;
  readonly env: Env;
  readonly exists: (path: string) => boolean;
}

function loginFor(host: string, ssh: Ssh, { folder, env, exists }: Surroundings): Login {
  const path = (text: string) => localPath(text, folder, env);
  const secret = (source: string) => secretSource(source, folder, env);
  const agentSocket = ssh.agent === false ? undefined : env['SSH_AUTH_SOCK'] || undefined;
  return {
    host,
    port: ssh.port ?? 22,
    user: ssh.user ?? currentUser(env),
    identityFiles: ssh.identityFile?.map(path) ?? (ssh.agent === 'only' ? [] : defaultKeys(path, exists)),
    ...(ssh.agent === 'only' ? { agentOnly: true } : {}),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...(ssh.passwordFrom === undefined ? {} : { password: secret(ssh.passwordFrom) }),
    ...(ssh.passphraseFrom === undefined ? {} : { passphrase: secret(ssh.passphraseFrom) }),
    knownHosts: ssh.knownHosts?.map(path) ?? [path('~/.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts'],
    hostKeyChecking: ssh.hostKeyChecking ?? 'strict',
    connectTimeout: ssh.connectTimeout ?? 10_000,
    keepaliveInterval: ssh.keepalive ?? 15_000,
  };
}

function secretSource(source: string, folder: string | undefined, env: Env): string {
  return source.startsWith('file:') ? `file:${localPath(source.slice('file:'.length), folder, env)}` : source;
}

function defaultKeys(path: (text: string) => string, exists: (path: string) => boolean): string[] {
  return ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => path(`~/.ssh/${name}`)).filter((key) => exists(key));
}

/** A path of the inventory on the operator's machine, absolute. */
export function localPath(text: string, folder = '.', env: Env = process.env): string {
  if (text === '~') return homeOf(env);
  return text.startsWith('~/') ? join(homeOf(env), text.slice(2)) : resolve(folder, text);
}

function homeOf(env: Env): string {
  return env['HOME'] || homedir();
}

/** @returns `root` where the system has no name for the user, as in a container with a random uid */
function currentUser(env: Env): string {
  try {
    return userInfo().username;
  } catch {
    return env['USER'] || env['LOGNAME'] || 'root';
  }
}
