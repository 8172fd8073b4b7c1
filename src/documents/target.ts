import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { Target } from '../transport/transport.ts';
import type { Inventory, InventoryNode } from './model.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * How to log in to a node: the inventory's values, with every default filled in. Paths are absolute, `~` is the
 * operator's home, relative ones start at the inventory's folder.
 */
export function targetFor(
  node: InventoryNode,
  inventory: Pick<Inventory, 'become' | 'folder'>,
  env: Env = process.env,
  exists: (path: string) => boolean = existsSync,
): Target {
  const { ssh } = node;
  const path = (text: string) => localPath(text, inventory.folder, env);
  const secret = (source: string) =>
    source.startsWith('file:') ? `file:${path(source.slice('file:'.length))}` : source;
  const user = ssh.user ?? currentUser(env);
  const agentSocket = ssh.agent === false ? undefined : env['SSH_AUTH_SOCK'] || undefined;
  const { method, passwordFrom } = inventory.become;
  return {
    name: node.name,
    host: node.host,
    port: ssh.port ?? 22,
    user,
    identityFiles:
      ssh.identityFile?.map(path) ?? DEFAULT_KEYS.map((name) => path(`~/.ssh/${name}`)).filter((key) => exists(key)),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...(ssh.passwordFrom === undefined ? {} : { password: secret(ssh.passwordFrom) }),
    ...(ssh.passphraseFrom === undefined ? {} : { passphrase: secret(ssh.passphraseFrom) }),
    knownHosts: ssh.knownHosts?.map(path) ?? [path('~/.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts'],
    hostKeyChecking: ssh.hostKeyChecking ?? 'strict',
    jump: ssh.jump ?? [],
    // root needs nothing to become root, and sudo is not installed everywhere.
    become:
      method === 'none' || user === 'root'
        ? { method: 'none' }
        : { method, ...(passwordFrom === undefined ? {} : { password: secret(passwordFrom) }) },
    connectTimeout: ssh.connectTimeout ?? 10_000,
    keepaliveInterval: ssh.keepalive ?? 15_000,
  };
}

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

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
