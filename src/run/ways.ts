import { loosening, type Ssh } from '../documents/login.ts';
import type { InventoryNode } from '../documents/model.ts';
import { hopsOf, localPath, type Hop, type Way } from '../documents/target.ts';
import { Failure } from '../failure.ts';
import { expandCommand, localUser, type Asked, type SshSettings } from '../transport/ssh-config.ts';
import type { ConfigFile, SshConfig } from '../transport/ssh-g.ts';

/** What an operator should know of a way before it is taken; the same text is shown once for many nodes. */
export interface Note {
  readonly kind: 'proxy-command' | 'host-keys';
  readonly text: string;
}

export interface ResolvedWay extends Way {
  readonly notes: readonly Note[];
}

/**
 * The way to a node as `ssh HOST` goes it: the inventory's `jump` or `proxyCommand`, else ProxyJump or ProxyCommand of
 * ssh_config. Each jump host is looked up itself, and the first one's own way is followed, as `ssh -J` does.
 * @throws Failure (document) for a configuration that ssh refuses, or jump hosts that lead in a circle
 */
export async function wayTo(node: InventoryNode, folder: string | undefined, config: SshConfig): Promise<ResolvedWay> {
  const { ssh } = node;
  const file = typeof ssh.config === 'string' ? localPath(ssh.config, folder) : ssh.config;
  const settings = await config.settings(askedOf(node.host, ssh), file);
  const seeker = new Seeker(config, file, ssh);
  const found = await seeker.find(node, settings);
  const ends: readonly Hop[] = [{ host: node.host, ssh, settings }, ...found.hops];
  const loose = ends.flatMap((hop) => (hop.settings && loosening(hop.ssh, hop.settings)) ?? []);
  return {
    ...found,
    settings,
    notes: [
      ...found.notes,
      ...[...new Set(loose)].map((what): Note => ({ kind: 'host-keys', text: `${what} of ${nameOf(file)}` })),
    ],
  };
}

interface Found {
  readonly hops: readonly Hop[];
  readonly proxyCommand?: string;
  readonly notes: readonly Note[];
}

const DIRECT: Found = { hops: [], notes: [] };

class Seeker {
  readonly #config: SshConfig;
  readonly #file: ConfigFile;
  readonly #ssh: InventoryNode['ssh'];

  constructor(config: SshConfig, file: ConfigFile, ssh: InventoryNode['ssh']) {
    this.#config = config;
    this.#file = file;
    this.#ssh = ssh;
  }

  async find(node: InventoryNode, settings: SshSettings | undefined): Promise<Found> {
    const { jump, proxyCommand } = this.#ssh;
    if (proxyCommand === 'none') return DIRECT;
    if (proxyCommand !== undefined) {
      const command = expandCommand(proxyCommand, {
        host: settings?.hostName ?? node.host,
        original: node.host,
        port: this.#ssh.port ?? settings?.port ?? 22,
        user: this.#ssh.user ?? settings?.user ?? localUser(),
        alias: settings?.hostKeyAlias ?? node.host,
        jump: '',
      });
      return { hops: [], proxyCommand: command, notes: [commandNote('the inventory', proxyCommand)] };
    }
    if (jump !== undefined) return this.#through(hopsOf(node), []);
    return this.#before(settings, [node.host]);
  }

  /** What ssh_config has in front of a host. */
  async #before(settings: SshSettings | undefined, seen: readonly string[]): Promise<Found> {
    if (settings?.proxyJump)
      return this.#through(
        settings.proxyJump.map((text) => this.#hopFrom(text)),
        seen,
      );
    if (!settings?.proxyCommand) return DIRECT;
    const { command, written } = settings.proxyCommand;
    return { hops: [], proxyCommand: command, notes: [commandNote(nameOf(this.#file), written)] };
  }

  /** Through hosts in order. Only the first one's own way counts: ssh gives the others theirs. */
  async #through(hops: readonly Hop[], seen: readonly string[]): Promise<Found> {
    const [first] = hops;
    if (!first) return DIRECT;
    if (seen.includes(first.host)) {
      throw new Failure(
        'document',
        `ProxyJump of ${nameOf(this.#file)} leads in a circle: ${[...seen, first.host].join(' > ')}`,
        ['exclude the jump host from the `Host` block that names it, e.g. `Host * !bastion`'],
      );
    }
    const asked = hops.map(async (hop): Promise<Hop> => ({
      ...hop,
      settings: await this.#config.settings(askedOf(hop.host, hop.ssh), this.#file),
    }));
    const known = await Promise.all(asked);
    const before = await this.#before(known[0]?.settings, [...seen, first.host]);
    return { ...before, hops: [...before.hops, ...known] };
  }

  /** A jump host that only ssh_config names: of the inventory only what tightens or unlocks counts for it. */
  #hopFrom(text: string): Hop {
    const [, user, plain, bracketed, port] =
      /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:([^:[\]]+)|\[(.+)\])(?::(\d+))?$/.exec(text) ?? [];
    const host = plain ?? bracketed;
    if (host === undefined)
      throw new Failure('document', `ProxyJump of ${nameOf(this.#file)}: "${text}" is not a host`);
    const { passphraseFrom, hostKeyChecking, connectTimeout, keepalive } = this.#ssh;
    const ssh: Ssh = {
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port: Number(port) }),
      ...(passphraseFrom === undefined ? {} : { passphraseFrom }),
      ...(hostKeyChecking === 'strict' ? { hostKeyChecking } : {}),
      ...(connectTimeout === undefined ? {} : { connectTimeout }),
      ...(keepalive === undefined ? {} : { keepalive }),
    };
    return { host, ssh };
  }
}

function askedOf(host: string, { user, port }: Ssh): Asked {
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

function commandNote(source: string, command: string): Note {
  return { kind: 'proxy-command', text: `ProxyCommand of ${source}: ${command}` };
}

function nameOf(file: ConfigFile): string {
  return typeof file === 'string' ? file : 'ssh_config';
}
