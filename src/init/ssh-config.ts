import { glob, parse, type Line } from 'ssh-config';
import { problem, type Source } from '../documents/source.ts';
import { defined, type FoundNode, type Jump, type Login, NAME_NOTE, type Read } from './found.ts';
import { named, roleByName, withoutNamesakes } from './names.ts';
import { readSettings } from './ssh-words.ts';

type Settings = readonly (readonly [key: string, value: string])[];

interface Section {
  /** Undefined: for every host. */
  readonly patterns?: readonly string[];
  readonly settings: Settings;
}

/**
 * Names in an ssh_config become nodes: each Host without wildcards. Match and Include are not followed: they run
 * programs or lead to other files.
 */
export function readSshConfig(source: Source): Read {
  let lines: Line[];
  try {
    lines = [...parse(source.text)];
  } catch (error) {
    // A line without its value is one of the type of JavaScript.
    const isNamed = error instanceof Error && !(error instanceof TypeError);
    const why = isNamed ? error.message : 'a keyword has no value';
    const summary = `not readable as ssh_config: ${why}`;
    return { diagnostics: [problem('ssh-config', summary, source.span(oddQuote(source.text)))] };
  }
  const notes: string[] = [];
  const config = new Config(sectionsOf(lines, notes));
  const names = config.names();
  const jumps = new Set(names.flatMap((name) => config.jumpNames(name)));
  for (const jump of names.filter((name) => jumps.has(name)))
    notes.push(`Left out: ${jump}, which others are reached through.`);
  const nodes = names.filter((name) => !jumps.has(name)).map((name) => nodeOf(config, name));
  if (nodes.length === 0) {
    const detail = 'Nodes are `Host` blocks whose name has no wildcard.';
    return { diagnostics: [problem('ssh-config', 'no host is named in the file', source.span(0), detail)] };
  }
  notes.push('Every Host of the ssh_config is listed: take out those that are no machines of this cluster.');
  const order = ['control-plane', 'worker', undefined];
  const sorted = nodes.toSorted((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  const become = { method: 'sudo' as const, note: 'not known: without a password, sudo must not ask for one' };
  return { found: { nodes: withoutNamesakes(sorted), become, notes }, diagnostics: [] };
}

function nodeOf(config: Config, alias: string): FoundNode {
  const { login, host, notes } = config.login(alias);
  const { name, note } = named(alias);
  const guess = roleByName(alias);
  return {
    name,
    host,
    ...(guess && { role: guess.role }),
    ssh: login,
    notes: {
      name: note ?? NAME_NOTE,
      ...(guess && { role: 'guessed from its name' }),
      ...(notes.length > 0 && { ssh: notes.join('; ') }),
    },
  };
}

class Config {
  readonly #sections: readonly Section[];

  constructor(sections: readonly Section[]) {
    this.#sections = sections;
  }

  /** Several names of one block are one machine where the block has an address, else a machine each. */
  names(): string[] {
    const found = this.#sections.flatMap(({ patterns = [], settings }) => {
      const plain = patterns.filter((pattern) => !/[*?!]/.test(pattern));
      const isOne = settings.some(([key, value]) => key.toLowerCase() === 'hostname' && !value.includes('%h'));
      return isOne ? plain.slice(0, 1) : plain;
    });
    return [...new Set(found)];
  }

  settings(name: string): Settings {
    const fitting = this.#sections.filter(({ patterns }) => patterns === undefined || glob([...patterns], name));
    return fitting.flatMap(({ settings }) => settings);
  }

  jumpNames(name: string): string[] {
    const value = this.settings(name).find(([key]) => key.toLowerCase() === 'proxyjump')?.[1] ?? 'none';
    return value === 'none' ? [] : value.split(',').map((one) => jumpParts(one).host);
  }

  login(name: string): { readonly login: Login; readonly host: string; readonly notes: readonly string[] } {
    const settings = this.settings(name);
    const { login, notes } = readSettings(settings.map(([key, value]) => [key, expanded(value, name)] as const));
    const host = settings.find(([key]) => key.toLowerCase() === 'hostname')?.[1] ?? name;
    const jump = login.jump?.flatMap((one) => (typeof one === 'string' ? this.#jump(one, [name]) : [one]));
    return { login: { ...login, ...(jump && jump.length > 0 && { jump }) }, host: expanded(host, name), notes };
  }

  /** A jump host by its name in the file, with the jump hosts before it; one of `on` is not reached through itself. */
  #jump(text: string, on: readonly string[]): Jump[] {
    const { user, host, port } = jumpParts(text);
    if (on.includes(host)) return [];
    const settings = this.settings(host);
    const { login } = readSettings(settings);
    const address = settings.find(([key]) => key.toLowerCase() === 'hostname')?.[1] ?? host;
    const before = (login.jump ?? []).flatMap((one) =>
      typeof one === 'string' ? this.#jump(one, [...on, host]) : [one],
    );
    const own = defined<Jump>({
      host: expanded(address, host),
      user: user ?? login.user,
      port: port ?? login.port,
      identityFile: login.identityFile,
    });
    return [...before, own];
  }
}

function jumpParts(text: string): { readonly user?: string; readonly host: string; readonly port?: number } {
  const [, user, bracketed, plain = text, port] =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text.trim()) ?? [];
  return {
    ...(user !== undefined && { user }),
    host: bracketed ?? plain,
    ...(port !== undefined && { port: Number(port) }),
  };
}

function expanded(value: string, name: string): string {
  return value.replaceAll('%h', name).replaceAll('%n', name).replaceAll('%d', '~').replaceAll('%%', '%');
}

function sectionsOf(lines: readonly Line[], notes: string[]): Section[] {
  const sections: Section[] = [];
  let ofAll: [string, string][] = [];
  for (const line of lines) {
    if (!('param' in line)) continue;
    const key = line.param.toLowerCase();
    if (key === 'match') notes.push(`Not read: Match ${valueOf(line.value)}; what it sets is not carried over.`);
    else if (key === 'include') notes.push(`Not read: Include ${valueOf(line.value)}.`);
    else if (key !== 'host' || !('config' in line)) ofAll.push([line.param, valueOf(line.value)]);
    else {
      if (ofAll.length > 0) sections.push({ settings: ofAll });
      ofAll = [];
      const inner = line.config.flatMap((one) => ('param' in one ? [[one.param, valueOf(one.value)] as const] : []));
      for (const [name, value] of inner)
        if (name.toLowerCase() === 'include') notes.push(`Not read: Include ${value}.`);
      sections.push({ patterns: wordsOf(line.value), settings: inner });
    }
  }
  return ofAll.length > 0 ? [...sections, { settings: ofAll }] : sections;
}

type Value = Extract<Line, { param: string }>['value'];

function wordsOf(value: Value): string[] {
  return typeof value === 'string' ? [value] : value.map(({ val }) => val);
}

function valueOf(value: Value): string {
  if (typeof value === 'string') return value;
  return value.map(({ val, quoted }) => (quoted === true ? `"${val}"` : val)).join(' ');
}

/** The first line with a quote that is not closed. */
function oddQuote(text: string): number {
  let offset = 0;
  for (const line of text.split('\n')) {
    if ((line.split('"').length - 1) % 2 === 1) return offset;
    offset += line.length + 1;
  }
  return 0;
}
