import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { execa } from 'execa';
import { Failure, messageOf } from '../failure.ts';
import { blocksOf, readConfigLines, SYSTEM_CONFIG, userConfig, type ConfigLine } from './ssh-config-files.ts';
import { parseOptions, settingsOf, withoutDefaults, type Asked, type Options, type SshSettings } from './ssh-config.ts';
import { settingsByPackage } from './ssh-config-package.ts';
import { Turns } from './turns.ts';

/** Which configuration counts: a file, no file at all, or those of `ssh` (undefined). */
export type ConfigFile = string | false | undefined;

export interface SshConfigOptions {
  /** The client of OpenSSH; tests name one that is not there. */
  readonly ssh?: string;
  /** Called before the first `ssh -G` that would run commands of `Match exec`, with the lines that do. */
  readonly onExec?: (lines: readonly ConfigLine[]) => void;
}

/** Keywords that say nothing about a login: a file with these alone, as Debian's, need not be asked. */
const HARMLESS = new Set(['host', 'include', 'sendenv', 'hashknownhosts', 'gssapiauthentication', 'forwardx11trusted']);

/** What ssh_config(5) sets for hosts: by `ssh -G`, or by the package ssh-config where OpenSSH's client is missing. */
export class SshConfig {
  readonly #ssh: string;
  readonly #onExec: (lines: readonly ConfigLine[]) => void;
  readonly #known = new Map<string, Promise<SshSettings | undefined>>();
  readonly #answers = new Map<string, Promise<Options | undefined>>();
  readonly #files = new Map<ConfigFile, Promise<readonly ConfigLine[]>>();
  readonly #turns = new Turns(Math.max(4, availableParallelism()));
  #defaults: Promise<Options | undefined> | undefined;

  constructor({ ssh = 'ssh', onExec = () => undefined }: SshConfigOptions = {}) {
    this.#ssh = ssh;
    this.#onExec = onExec;
  }

  /**
   * What is set for a host; undefined: nothing. Each is asked about once.
   * @throws Failure (document) for a configuration that ssh refuses, or a file that is not there
   */
  settings(asked: Asked, file: ConfigFile): Promise<SshSettings | undefined> {
    const key = JSON.stringify([asked.host, asked.user, asked.port, file]);
    const known = this.#known.get(key) ?? this.#settings(asked, file);
    this.#known.set(key, known);
    return known;
  }

  async #settings(asked: Asked, file: ConfigFile): Promise<SshSettings | undefined> {
    if (file === false) return undefined;
    const lines = this.#files.get(file) ?? this.#read(file);
    this.#files.set(file, lines);
    if ((await lines).every(({ keyword }) => HARMLESS.has(keyword))) return undefined;
    this.#defaults ??= this.#turns.during(() => this.#run(['-F', 'none', 'localhost']));
    const defaults = await this.#defaults;
    if (!defaults) return settingsByPackage(await lines, asked);
    const args = [
      ...(file === undefined ? [] : ['-F', file]),
      ...(asked.user === undefined ? [] : ['-l', asked.user]),
      ...(asked.port === undefined ? [] : ['-p', String(asked.port)]),
      '--',
      asked.host,
    ];
    const options = await this.#shared(blocksOf(await lines, asked.host), asked, file, args);
    return options && settingsOf(withoutDefaults(options, defaults), asked);
  }

  /** Hundreds of nodes are one question where nothing but `Host *` holds for them: each one costs a process. */
  async #shared(
    blocks: string | undefined,
    { host, user, port }: Asked,
    file: ConfigFile,
    args: readonly string[],
  ): Promise<Options | undefined> {
    if (blocks === undefined) return this.#turns.during(() => this.#run(args));
    const key = JSON.stringify([blocks, user, port, file]);
    const asked = this.#answers.get(key) ?? this.#turns.during(() => this.#run(args));
    this.#answers.set(key, asked);
    const options = await asked;
    return options && new Map([...options, ['host', [host]], ['hostname', [host]]]);
  }

  async #read(file: ConfigFile): Promise<readonly ConfigLine[]> {
    if (typeof file === 'string') {
      await access(file).catch((error: unknown) => {
        throw new Failure('document', `cannot read the ssh.config ${file}: ${messageOf(error)}`, [], { cause: error });
      });
    }
    const lines = await readConfigLines(typeof file === 'string' ? [file] : [userConfig(), SYSTEM_CONFIG]);
    const runs = lines.filter(({ keyword, value }) => keyword === 'match' && /\bexec\b/i.test(value));
    if (runs.length > 0) this.#onExec(runs);
    return lines;
  }

  /** Undefined where the program is missing. @throws Failure (document) */
  async #run(args: readonly string[]): Promise<Options | undefined> {
    const options = { reject: false, stdin: 'ignore', timeout: 30_000 } as const;
    const result = await execa(this.#ssh, ['-G', ...args], options);
    if (result.exitCode === 0) return parseOptions(result.stdout);
    if (result.code === 'ENOENT') return undefined;
    const lines = result.stderr.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('Pseudo-terminal'));
    const why = result.timedOut ? 'did not end within 30 s' : 'refuses the configuration';
    throw new Failure('document', `ssh -G ${args.join(' ')} ${why}`, lines.slice(-10));
  }
}
