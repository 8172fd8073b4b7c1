import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { SshSettings } from '../transport/ssh-config.ts';
import type { Become, Login, Target } from '../transport/transport.ts';
import type { Inventory, InventoryNode } from './model.ts';
import { loginOf, NO_SETTINGS, type Ssh, type Surroundings } from './login.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A host on the way: what the inventory says of its login, and what ssh_config does. */
export interface Hop {
  readonly host: string;
  readonly ssh: Ssh;
  readonly settings?: SshSettings | undefined;
}

/** The way to a node as ssh_config and the inventory give it; without it, the inventory alone counts. */
export interface Way {
  readonly settings?: SshSettings | undefined;
  /** The first one first. */
  readonly hops: readonly Hop[];
  /** Leads to the first hop, or to the node; with its tokens expanded. */
  readonly proxyCommand?: string | undefined;
}

/**
 * How to log in to a node: the inventory's values, then those of ssh_config, with every default filled in. Paths are
 * absolute, `~` is the operator's home, relative ones start at the inventory's folder.
 */
export function targetFor(
  node: InventoryNode,
  inventory: Pick<Inventory, 'folder'>,
  env: Env = process.env,
  exists: (path: string) => boolean = existsSync,
  way: Way = { hops: hopsOf(node) },
): Target {
  const surroundings: Surroundings = {
    env,
    exists,
    path: (text) => localPath(text, inventory.folder, env),
    currentUser,
  };
  const { jump: _jump, ...ssh } = node.ssh;
  const first = way.proxyCommand === undefined ? {} : { proxyCommand: way.proxyCommand };
  const files = configFiles(ssh.config, surroundings);
  const login = { ...loginOf(node.host, ssh, way.settings ?? NO_SETTINGS, surroundings), ...files };
  const jump = way.hops.map((hop, index): Login => {
    const own = { ...loginOf(hop.host, hop.ssh, hop.settings ?? NO_SETTINGS, surroundings), ...files };
    return index === 0 ? { ...own, ...first } : own;
  });
  return {
    name: node.name,
    ...login,
    ...(ssh.transport === undefined ? {} : { transport: ssh.transport }),
    ...(jump.length === 0 ? first : {}),
    jump,
    become: becomeFor(login.user, node.become, (source) => secretSource(source, inventory.folder, env)),
  };
}

/** The whole way is looked up in the node's `ssh.config`. */
function configFiles(config: Ssh['config'], { path }: Surroundings): Pick<Login, 'configFiles'> {
  if (config === undefined) return {};
  return { configFiles: config === false ? [] : [path(config)] };
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

/** The jump hosts of the inventory. */
export function hopsOf(node: InventoryNode): Hop[] {
  const { jump = [], ...ofNode } = node.ssh;
  return jump.map((hop) => ({ host: hop.host, ssh: hopSsh(hop, ofNode) }));
}

/** What a jump host does not say is as for the node, but for its port and password: that is never sent to another. */
function hopSsh(
  { host: _host, ...own }: NonNullable<InventoryNode['ssh']['jump']>[number],
  { port: _port, passwordFrom: _password, proxyCommand: _command, ...ofNode }: Ssh,
): Ssh {
  return { ...ofNode, ...own };
}

function secretSource(source: string, folder: string | undefined, env: Env): string {
  return source.startsWith('file:') ? `file:${localPath(source.slice('file:'.length), folder, env)}` : source;
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
