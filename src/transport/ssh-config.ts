import { createHash } from 'node:crypto';
import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure.ts';

/** The keys of `ssh -G`, in lower case, with their values in order. */
export type Options = ReadonlyMap<string, readonly string[]>;

/** What ssh_config(5) sets for one host. Absent: nothing, or what is ssh's own default. Tokens are expanded. */
export interface SshSettings {
  readonly hostName?: string;
  readonly user?: string;
  readonly port?: number;
  readonly identityFiles?: readonly string[];
  readonly identitiesOnly?: boolean;
  readonly certificateFiles?: readonly string[];
  /** `none`, `SSH_AUTH_SOCK`, or a socket. */
  readonly identityAgent?: string;
  /** `[user@]host[:port]`, the first one first. */
  readonly proxyJump?: readonly string[];
  readonly proxyCommand?: { readonly written: string; readonly command: string };
  readonly userKnownHosts?: readonly string[];
  readonly globalKnownHosts?: readonly string[];
  readonly strictHostKeyChecking?: 'yes' | 'accept-new' | 'no';
  readonly hostKeyAlias?: string;
  /** Milliseconds. */
  readonly connectTimeout?: number;
  /** Milliseconds. */
  readonly serverAliveInterval?: number;
  readonly serverAliveCountMax?: number;
  /** Every key that is set, with its values as they are written; for what this list does not name. */
  readonly options: Options;
}

/** Who is asked about: the name that ssh is given, and `-l` and `-p` where the inventory has them. */
export interface Asked {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/** Reads what `ssh -G` prints: one key and its value in a line; some keys have several lines. */
export function parseOptions(text: string): Options {
  const options = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\S+) (.*)$/.exec(line.trim()) ?? [];
    if (key === undefined || value === undefined) continue;
    const name = key.toLowerCase();
    options.set(name, [...(options.get(name) ?? []), value]);
  }
  return options;
}

/** The keys whose values are not those of `defaults`: what `ssh -G` prints without any configuration. */
export function withoutDefaults(options: Options, defaults: Options): Options {
  const same = (key: string, values: readonly string[]): boolean => defaults.get(key)?.join('\n') === values.join('\n');
  return new Map([...options].filter(([key, values]) => key === 'host' || !same(key, values)));
}

/**
 * Typed settings, with tokens, variables and `~` expanded.
 * @throws Failure (document) for a token that is not known, or a name that a ProxyCommand must not hand to a shell
 */
export function settingsOf(options: Options, asked: Asked): SshSettings {
  const one = (key: string): string | undefined => options.get(key)?.[0];
  const hostName = one('hostname');
  const isAsked = hostName === undefined || hostName.toLowerCase() === asked.host.toLowerCase();
  const user = asked.user === undefined ? one('user') : undefined;
  const port = asked.port === undefined ? numberOf(one('port')) : undefined;
  const alias = one('hostkeyalias');
  const jump = one('proxyjump');
  const expansion: Expansion = {
    host: hostName ?? asked.host,
    original: asked.host,
    port: asked.port ?? port ?? 22,
    user: asked.user ?? user ?? localUser(),
    alias: alias ?? asked.host,
    jump: jump ?? '',
  };
  const paths = (key: string): string[] | undefined =>
    options.get(key)?.flatMap((path) => (path === 'none' ? [] : [expandPath(path, expansion)]));
  const files = (key: string): string[] | undefined =>
    one(key)
      ?.split(' ')
      .flatMap((path) => (path === 'none' ? [] : [expandPath(path, expansion)]));
  const command = one('proxycommand');
  const agent = one('identityagent');
  const strict = STRICT[one('stricthostkeychecking') ?? ''];
  return defined({
    hostName: isAsked ? undefined : hostName,
    user,
    port: port === 22 ? undefined : port,
    identityFiles: paths('identityfile'),
    identitiesOnly: one('identitiesonly') === undefined ? undefined : one('identitiesonly') === 'yes',
    certificateFiles: paths('certificatefile'),
    identityAgent: agent === undefined ? undefined : agentOf(agent, expansion),
    proxyJump:
      jump === undefined || jump === 'none' ? undefined : jump.split(',').map((hop) => expandTokens(hop, expansion)),
    proxyCommand:
      command === undefined || command === 'none'
        ? undefined
        : { written: command, command: expandCommand(command, expansion) },
    userKnownHosts: files('userknownhostsfile'),
    globalKnownHosts: files('globalknownhostsfile'),
    strictHostKeyChecking: strict,
    hostKeyAlias: alias,
    connectTimeout: milliseconds(one('connecttimeout')),
    serverAliveInterval: milliseconds(one('serveraliveinterval')),
    serverAliveCountMax: numberOf(one('serveralivecountmax')),
    options,
  });
}

/** `ssh -G` prints `false` for no and off, `true` for yes. */
const STRICT: Readonly<Record<string, SshSettings['strictHostKeyChecking']>> = {
  false: 'no',
  no: 'no',
  off: 'no',
  'accept-new': 'accept-new',
  true: 'yes',
  yes: 'yes',
  ask: 'yes',
};

/** What tokens stand for (ssh_config(5), TOKENS). */
export interface Expansion {
  readonly host: string;
  readonly original: string;
  readonly port: number;
  readonly user: string;
  readonly alias: string;
  readonly jump: string;
}

/** @throws Failure (document) */
export function expandTokens(text: string, expansion: Expansion): string {
  return text.replaceAll(/%(.?)/g, (whole, token: string) => {
    const value = tokenOf(token, expansion);
    if (value !== undefined) return value;
    throw new Failure('document', `ssh_config: the token ${whole} in "${text}" is not known`);
  });
}

/** {@link expandTokens} for a shell, as OpenSSH 9.6 does: no name may bring commands of its own. @throws Failure */
export function expandCommand(text: string, expansion: Expansion): string {
  const { host, original, user, alias } = expansion;
  for (const name of [host, original, user, alias]) {
    if (!/^-|[\s'"`$\\;&<>|(){}\p{Cc}]/u.test(name)) continue;
    throw new Failure('document', `the name "${name}" has characters that a ProxyCommand must not get`);
  }
  return expandTokens(text, expansion);
}

function tokenOf(token: string, { host, original, port, user, alias, jump }: Expansion): string | undefined {
  const local = hostname();
  const tokens: Readonly<Record<string, () => string>> = {
    '%': () => '%',
    C: () => createHash('sha1').update(`${local}${host}${port}${user}${jump}`).digest('hex'),
    d: () => homeOfUser(),
    h: () => host,
    i: () => String(process.getuid?.() ?? ''),
    j: () => jump,
    k: () => alias,
    L: () => local.replace(/\..*$/, ''),
    l: () => local,
    n: () => original,
    p: () => String(port),
    r: () => user,
    u: () => localUser(),
  };
  return Object.hasOwn(tokens, token) ? tokens[token]?.() : undefined;
}

function expandPath(path: string, expansion: Expansion): string {
  const text = expandTokens(withVariables(path), expansion);
  if (text === '~' || text.startsWith('~/')) return join(homeOfUser(), text.slice(1));
  return text.startsWith('/') ? text : join(process.cwd(), text);
}

function agentOf(value: string, expansion: Expansion): string {
  if (value === 'none' || value === 'SSH_AUTH_SOCK') return value;
  const name = /^\$(\w+)$/.exec(value)?.[1];
  return name === undefined ? expandPath(value, expansion) : process.env[name] || 'none';
}

/** @throws Failure (document) for a variable that is not set, as ssh does */
function withVariables(text: string): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = process.env[name];
    if (value !== undefined) return value;
    throw new Failure('document', `ssh_config: the variable ${name} in "${text}" is not set`);
  });
}

/** As ssh finds it: the account's, whatever $HOME is. */
export function homeOfUser(): string {
  return account()?.homedir ?? homedir();
}

export function localUser(): string {
  return account()?.username ?? (process.env['USER'] || 'root');
}

/** Undefined in a container with a random uid. */
function account(): { readonly homedir: string; readonly username: string } | undefined {
  try {
    return userInfo();
  } catch {
    return undefined;
  }
}

function milliseconds(seconds: string | undefined): number | undefined {
  const number = numberOf(seconds);
  return number === undefined || number <= 0 ? undefined : number * 1000;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that are undefined. */
function defined<T extends { readonly options: Options }>({
  options,
  ...rest
}: T): Defined<Omit<T, 'options'>> & {
  options: Options;
} {
  const given: Defined<Omit<T, 'options'>> = {};
  for (const [key, value] of Object.entries(rest)) if (value !== undefined) Object.assign(given, { [key]: value });
  return { ...given, options };
}
