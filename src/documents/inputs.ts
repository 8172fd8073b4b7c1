import semver from 'semver';
import type { Diagnostic } from '../diagnostic.ts';
import { parseDuration } from '../duration.ts';
import { SECRET_SOURCE } from './fields.ts';
import type { InputSpec, Runbook } from './model.ts';
import { suggest } from './nearest.ts';
import { problem } from './source.ts';
import { localPath } from './target.ts';

export type InputValue = string | number | boolean | readonly unknown[];

/** A value as `--set` takes it. */
export function inputText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}

export interface ResolvedInputs {
  /**
   * By name; a version has no leading `v`, a duration stays as text (`10m`), so that it can be handed on to a `with`.
   */
  readonly values: Readonly<Record<string, InputValue>>;
  /** Of `--set via=1.32.9,1.33.12`: the patches of the hops in between, for runbooks with `hops`. */
  readonly via?: readonly string[];
  /** Without a place in a file: they are about the command line. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Defaults overlaid with `--set key=value` (the last one of a key counts). Of a secret it is the source: a relative
 * file starts at the current folder, in a default at the runbook's.
 */
export function resolveInputs(
  runbook: Pick<Runbook, 'inputs' | 'hops'>,
  sets: readonly string[],
  folder = '.',
): ResolvedInputs {
  const diagnostics: Diagnostic[] = [];
  const values: Record<string, InputValue> = {};
  let via: readonly string[] | undefined;
  const names = [...Object.keys(runbook.inputs), ...(runbook.hops ? ['via'] : [])];
  const set = new Set<string>();
  for (const one of sets) {
    const [name, text] = splitSet(one);
    if (text === undefined) {
      const summary = `--set ${one} is not of the form key=value`;
      diagnostics.push(problem('set', summary, undefined, 'e.g. --set version=1.32.9'));
      continue;
    }
    set.add(name);
    if (name === 'via' && runbook.hops) {
      const versions = text.split(',').map((part) => parseVersion(part.trim()));
      const summary = '--set via: it must be a list of versions';
      if (versions.every((version) => version !== undefined)) via = versions;
      else diagnostics.push(problem('set', summary, undefined, 'e.g. --set via=1.32.9,1.33.12'));
      continue;
    }
    const spec = Object.hasOwn(runbook.inputs, name) ? runbook.inputs[name] : undefined;
    if (!spec) {
      const detail = suggest(name, names, 'its inputs') ?? 'the runbook has no inputs';
      diagnostics.push(problem('unknown-input', `--set ${name}: the runbook has no such input`, undefined, detail));
      continue;
    }
    const value = readInput(spec, text);
    if (value.ok) values[name] = located(spec, value.value, '.');
    else {
      const detail = spec.type === 'secret' ? NOT_SHOWN : spec.description;
      diagnostics.push(problem('set', `--set ${name}: it ${value.message}`, undefined, detail));
    }
  }
  for (const [name, spec] of Object.entries(runbook.inputs)) {
    if (set.has(name)) continue;
    const value = spec.default === undefined ? undefined : checkInput(spec, spec.default);
    if (value?.ok) values[name] = located(spec, value.value, folder);
    else diagnostics.push(problem('missing-input', `input \`${name}\` has no value`, undefined, howToSet(name, spec)));
  }
  return { values, ...(via ? { via } : {}), diagnostics };
}

const NOT_SHOWN = 'what was given is not shown here, but your shell may keep it in its history';

/** A plan holds absolute paths: a resume may start elsewhere. */
function located({ type }: InputSpec, value: InputValue, folder: string): InputValue {
  if (type !== 'secret' || typeof value !== 'string' || !value.startsWith('file:')) return value;
  return `file:${localPath(value.slice('file:'.length), folder)}`;
}

function splitSet(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at <= 0 ? [text, undefined] : [text.slice(0, at).trim(), text.slice(at + 1)];
}

function howToSet(name: string, spec: InputSpec): string {
  const form = spec.type === 'secret' ? 'prompt|env:NAME|file:PATH|command:CMD' : `<${spec.type}>`;
  return `give it by --set ${name}=${form}${spec.description ? ` (${spec.description})` : ''}`;
}

type Input = { readonly ok: true; readonly value: InputValue } | { readonly ok: false; readonly message: string };

/** A text of the command line as the input's type. */
function readInput(spec: InputSpec, text: string): Input {
  if (spec.type === 'number' && /^-?\d+(?:\.\d+)?$/.test(text.trim())) return checkInput(spec, Number(text));
  if (spec.type === 'boolean' && (text === 'true' || text === 'false')) return checkInput(spec, text === 'true');
  if (spec.type === 'list') return checkInput(spec, listOf(text, spec.enum));
  return checkInput(spec, text);
}

/**
 * `a,b`, or JSON: `["a", {"name": "b"}]`. Undefined where that is not JSON. A part is the value that its text names.
 */
function listOf(text: string, values: InputSpec['enum'] = []): unknown {
  if (text.trim() === '') return [];
  const valueOf = (part: string) => values.find((value) => String(value) === part) ?? part;
  if (!text.trimStart().startsWith('[')) return text.split(',').map((part) => valueOf(part.trim()));
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value has the input's type and is one of its `enum`; the message follows `input ...`. */
export function checkInput(spec: Pick<InputSpec, 'type' | 'enum'>, value: unknown): Input {
  const typed = typedInput(spec.type, value);
  if (!typed.ok || !spec.enum) return typed;
  const list = spec.type === 'list';
  const allowed = spec.enum.map((one) => (list ? one : valueOf(typedInput(spec.type, one))));
  const given: readonly unknown[] = Array.isArray(typed.value) ? typed.value : [typed.value];
  if (given.every((one) => allowed.includes(one))) return typed;
  return { ok: false, message: `must be ${list ? 'a list of some' : 'one'} of ${spec.enum.join(', ')}` };
}

function valueOf(input: Input): unknown {
  return input.ok ? input.value : undefined;
}

function typedInput(type: InputSpec['type'], value: unknown): Input {
  const { read, message } = TYPES[type];
  const typed = read(value);
  return typed === undefined ? { ok: false, message } : { ok: true, value: typed };
}

interface InputType {
  /** The value as the type has it, or undefined. */
  readonly read: (value: unknown) => InputValue | undefined;
  readonly message: string;
}

const TYPES: Readonly<Record<InputSpec['type'], InputType>> = {
  string: {
    read: (value) => (typeof value === 'string' ? value : undefined),
    message: 'must be text: put it in quotes',
  },
  number: {
    read: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
    message: 'must be a number',
  },
  boolean: { read: (value) => (typeof value === 'boolean' ? value : undefined), message: 'must be true or false' },
  duration: {
    read: (value) => (typeof value === 'string' && parseDuration(value) !== undefined ? value : undefined),
    message: 'must be a duration such as 90s, 10m or 1h30m',
  },
  list: {
    read: (value) => (Array.isArray(value) ? value : undefined),
    message: 'must be a list: a,b or JSON such as ["a", "b"]',
  },
  secret: {
    read: (value) => (typeof value === 'string' && SECRET_SOURCE.test(value) ? value : undefined),
    message: 'must name the source of the secret, never the secret itself: prompt, env:NAME, file:PATH or command:CMD',
  },
  version: {
    read: (value) => (typeof value === 'string' ? parseVersion(value) : undefined),
    message: 'must be a whole version such as 1.32.9',
  },
};

/** `v1.32.9` and `1.32.9` give `1.32.9`; undefined for anything but a full semantic version. */
function parseVersion(text: string): string | undefined {
  const version = text.replace(/^v/, '');
  return semver.valid(version) === version ? version : undefined;
}
