import type { IFileSystem } from 'just-bash';
import type { Streams } from './streams.ts';

/** Leaves a loop, a function or the shell. */
export class Jump {
  readonly kind: 'break' | 'continue' | 'return' | 'exit';
  readonly count: number;
  constructor(kind: Jump['kind'], count: number) {
    this.kind = kind;
    this.count = count;
  }
}

/** The variables, functions and options of one shell; a subshell has copies. */
export class Scope {
  readonly variables: Map<string, string>;
  readonly exported: Set<string>;
  readonly readOnly: Set<string>;
  positional: readonly string[];
  cwd: string;
  errexit = false;
  strict = false;
  noGlob = false;
  status = 0;
  /** For each function that runs: what its local variables were before. */
  readonly locals: Map<string, string | undefined>[] = [];

  constructor(variables: Iterable<readonly [string, string]>, positional: readonly string[], cwd: string) {
    this.variables = new Map(variables);
    this.exported = new Set(this.variables.keys());
    this.readOnly = new Set();
    this.positional = positional;
    this.cwd = cwd;
  }

  copy(): Scope {
    const copied = new Scope(this.variables, this.positional, this.cwd);
    copied.exported.clear();
    for (const name of this.exported) copied.exported.add(name);
    for (const name of this.readOnly) copied.readOnly.add(name);
    const { errexit, strict, noGlob, status } = this;
    return Object.assign(copied, { errexit, strict, noGlob, status });
  }

  environment(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const name of this.exported) {
      const value = this.variables.get(name);
      if (value !== undefined) found[name] = value;
    }
    return found;
  }
}

type Builtin = (scope: Scope, args: readonly string[], streams: Streams, fs: IFileSystem) => Promise<number> | number;

/** Builtins that need nothing but the scope. */
export const builtins: Readonly<Record<string, Builtin>> = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  break: (_, [count = '1']) => {
    throw new Jump('break', Number(count));
  },
  continue: (_, [count = '1']) => {
    throw new Jump('continue', Number(count));
  },
  return: (scope, [code]) => {
    throw new Jump('return', code === undefined ? scope.status : Number(code) & 255);
  },
  exit: (scope, [code]) => {
    throw new Jump('exit', code === undefined ? scope.status : Number(code) & 255);
  },
  shift: (scope, [count = '1']) => {
    const number = Number(count);
    if (number > scope.positional.length) return 1;
    scope.positional = scope.positional.slice(number);
    return 0;
  },
  unset: (scope, args) => {
    for (const name of args) {
      if (name.startsWith('-')) continue;
      scope.variables.delete(name);
      scope.exported.delete(name);
    }
    return 0;
  },
  set: setOptions,
  cd: async (scope, args, streams, fs) => {
    const target = args.find((arg) => !arg.startsWith('-')) ?? scope.variables.get('HOME') ?? '/';
    const path = fs.resolvePath(scope.cwd, target);
    if (!(await fs.exists(path)) || !(await fs.stat(path)).isDirectory) {
      streams.err(`sh: cd: ${target}: No such file or directory\n`);
      return 1;
    }
    scope.variables.set('OLDPWD', scope.cwd);
    scope.cwd = path;
    scope.variables.set('PWD', path);
    return 0;
  },
  pwd: (scope, _, streams) => {
    streams.out(`${scope.cwd}\n`);
    return 0;
  },
};

function setOptions(scope: Scope, args: readonly string[], streams: Streams): number {
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      scope.positional = args.slice(at + 1);
      return 0;
    }
    if (!/^[-+]/.test(arg) || arg.length < 2) {
      scope.positional = args.slice(at);
      return 0;
    }
    const on = arg.startsWith('-');
    const letters = arg.slice(1) === 'o' ? [optionLetter(args[(at += 1)] ?? '')] : arg.slice(1).split('');
    for (const letter of letters) {
      if (letter === 'e') scope.errexit = on;
      else if (letter === 'u') scope.strict = on;
      else if (letter === 'f') scope.noGlob = on;
      else if (letter !== 'x' && letter !== '') {
        streams.err(`sh: set: Illegal option -${letter}\n`);
        return 2;
      }
    }
  }
  return 0;
}

function optionLetter(name: string): string {
  return { errexit: 'e', nounset: 'u', noglob: 'f', xtrace: 'x' }[name] ?? '?';
}

/** `read`: one line into variables, the rest of it into the last. Without `-r` a backslash joins lines. */
export function read(scope: Scope, args: readonly string[], streams: Streams): number {
  const raw = args.includes('-r');
  const names = args.filter((arg) => !arg.startsWith('-'));
  const line = raw ? streams.input.line() : joinedLine(streams);
  const { ended } = line;
  let { text } = line;
  text = Buffer.from(text, 'latin1').toString('utf8');
  const separators = scope.variables.get('IFS') ?? ' \t\n';
  const words = split(text, separators, Math.max(1, names.length));
  for (const [index, name] of (names.length > 0 ? names : ['REPLY']).entries())
    scope.variables.set(name, words[index] ?? '');
  return ended ? 1 : 0;
}

/** A line that ends in a backslash continues on the next; other backslashes only take meanings away. */
function joinedLine({ input }: Streams): { readonly text: string; readonly ended: boolean } {
  let { text, ended } = input.line();
  while (!ended && /(^|[^\\])(\\\\)*\\$/.test(text)) {
    const next = input.line();
    text = text.slice(0, -1) + next.text;
    ({ ended } = next);
  }
  return { text: text.replace(/\\(.)/g, '$1'), ended };
}

/** At most so many fields; the last one has the rest. */
function split(text: string, separators: string, most: number): string[] {
  const isBlank = (char: string) => separators.includes(char) && /[ \t\n]/.test(char);
  const fields: string[] = [];
  let at = 0;
  const skip = () => {
    while (at < text.length && isBlank(text[at] ?? '')) at += 1;
  };
  skip();
  while (at < text.length && fields.length < most - 1) {
    const start = at;
    while (at < text.length && !separators.includes(text[at] ?? '')) at += 1;
    fields.push(text.slice(start, at));
    const wasBlank = isBlank(text[at] ?? '');
    skip();
    if (!wasBlank && at < text.length) {
      at += 1;
      skip();
    } else if (wasBlank && at < text.length && separators.includes(text[at] ?? '')) {
      at += 1;
      skip();
    }
  }
  if (at <= text.length && fields.length < most) {
    let rest = text.slice(at);
    while (rest.length > 0 && isBlank(rest.at(-1) ?? '')) rest = rest.slice(0, -1);
    fields.push(rest);
  }
  return fields;
}
