import type { CommandNode, IFileSystem, PipelineNode, ScriptNode, SimpleCommandNode, StatementNode } from 'just-bash';
import { Killed } from '../../clock.ts';
import { builtins, Jump, read, Scope } from './builtins.ts';
import { condition } from './conditions.ts';
import { patternOf } from './glob.ts';
import { withIds } from './script.ts';
import { bytesOf, Input, type Streams, textOf } from './streams.ts';
import { fieldsOf, patternOfWord, ShellError, type Surroundings, textOfWord } from './words.ts';

type Redirection = SimpleCommandNode['redirections'][number];
type FunctionNode = Extract<CommandNode, { type: 'FunctionDef' }>;
type Functions = Map<string, { readonly node: FunctionNode; readonly ids: readonly string[] }>;

/** What runs programs, and parses what a script makes itself. */
export interface Machinery {
  readonly fs: IFileSystem;
  readonly pid: number;
  readonly signal: AbortSignal;
  /** Undefined: there is no such program. Bytes go to the streams as they come. */
  program(name: string, args: readonly string[], scope: Scope, streams: Streams): Promise<number> | undefined;
  /** Where a program is: `/usr/bin/sed`. */
  find(name: string, scope: Scope): Promise<string | undefined>;
  /** The file of a script; undefined: it is no file that can be run. */
  file(path: string): Promise<{ readonly text: string; readonly program?: string } | undefined>;
  /** @throws ShellError for what is no plain script */
  parse(text: string): { readonly tree: ScriptNode; readonly ids: readonly string[] };
}

const utilities = new Set(['echo', 'eval', '.', 'export', 'readonly', 'local', 'read', 'test', '[', 'command', 'type']);

/** Runs plain POSIX scripts. Commands of a pipe run one after another, each to its end. */
export class Interpreter {
  readonly #machinery: Machinery;
  readonly #functions: Functions;
  readonly scope: Scope;
  #ids: readonly string[] = [];
  /** Within a condition, where `set -e` ends nothing. */
  #tested = 0;
  #depth = 0;

  constructor(machinery: Machinery, scope: Scope, functions: Functions = new Map()) {
    this.#machinery = machinery;
    this.scope = scope;
    this.#functions = functions;
  }

  /** @returns the exit status of the whole. Never a {@link Jump}. */
  async run(tree: ScriptNode, ids: readonly string[], streams: Streams): Promise<number> {
    try {
      return await this.#within(ids, () => this.#statements(tree.statements, streams));
    } catch (error) {
      if (error instanceof Jump)
        return error.kind === 'exit' || error.kind === 'return' ? error.count : this.scope.status;
      if (!(error instanceof ShellError)) throw error;
      streams.err(bytesOf(`sh: ${error.message}\n`));
      return error.code;
    }
  }

  async #within<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = this.#ids;
    this.#ids = ids;
    try {
      return await work();
    } finally {
      this.#ids = before;
    }
  }

  async #statements(statements: readonly StatementNode[], streams: Streams): Promise<number> {
    for (const statement of statements)
      if (statement.background) await this.#background(statement, streams);
      else await this.#statement(statement, streams);
    return this.scope.status;
  }

  /** As just-bash does it: nothing follows before it has ended. */
  async #background(statement: StatementNode, streams: Streams): Promise<void> {
    await this.#apart(async (inner) => {
      await inner.#statement(statement, streams);
      return inner.scope.status;
    }, streams);
    this.scope.status = 0;
  }

  async #statement({ pipelines, operators }: StatementNode, streams: Streams): Promise<void> {
    const { scope } = this;
    for (const [index, pipeline] of pipelines.entries()) {
      const operator = index === 0 ? undefined : operators[index - 1];
      if (operator === '&&' && scope.status !== 0) continue;
      if (operator === '||' && scope.status === 0) continue;
      const isTested = index < pipelines.length - 1 || pipeline.negated;
      if (isTested) this.#tested += 1;
      try {
        scope.status = await this.#pipeline(pipeline, streams);
      } finally {
        if (isTested) this.#tested -= 1;
      }
      if (!isTested && scope.status !== 0 && scope.errexit && this.#tested === 0) throw new Jump('exit', scope.status);
    }
  }

  async #pipeline({ commands, negated }: PipelineNode, streams: Streams): Promise<number> {
    if (this.#machinery.signal.aborted) throw new Killed();
    let status = 0;
    if (commands.length === 1 && commands[0]) status = await this.#command(commands[0], streams);
    else {
      let { input } = streams;
      for (const [index, command] of commands.entries()) {
        const chunks: string[] = [];
        const isLast = index === commands.length - 1;
        const own: Streams = {
          input,
          err: streams.err,
          out: isLast ? streams.out : (bytes) => void chunks.push(bytes),
        };
        status = await this.#apart((inner) => inner.#command(command, own), own);
        input = new Input(chunks.join(''));
      }
    }
    return negated ? (status === 0 ? 1 : 0) : status;
  }

  /** In a subshell. */
  async #apart(work: (inner: Interpreter) => Promise<number>, streams: Streams): Promise<number> {
    const inner = new Interpreter(this.#machinery, this.scope.copy(), new Map(this.#functions));
    inner.#ids = this.#ids;
    inner.#tested = this.#tested;
    inner.#depth = this.#depth;
    try {
      return await work(inner);
    } catch (error) {
      if (error instanceof Jump)
        return error.kind === 'exit' || error.kind === 'return' ? error.count : inner.scope.status;
      if (!(error instanceof ShellError)) throw error;
      streams.err(bytesOf(`sh: ${error.message}\n`));
      return error.code;
    }
  }

  async #command(command: CommandNode, streams: Streams): Promise<number> {
    switch (command.type) {
      case 'SimpleCommand':
        return this.#simple(command, streams);
      case 'FunctionDef':
        this.#functions.set(command.name, { node: command, ids: this.#ids });
        return 0;
      case 'CStyleFor':
      case 'ArithmeticCommand':
      case 'ConditionalCommand':
        throw new ShellError(`${command.type} is not supported`);
      default:
        return this.#redirected(command.redirections, streams, (inner) => this.#compound(command, inner));
    }
  }

  async #compound(command: CommandNode, streams: Streams): Promise<number> {
    const { scope } = this;
    switch (command.type) {
      case 'Group':
        return this.#statements(command.body, streams);
      case 'Subshell':
        return this.#apart((inner) => inner.#statements(command.body, streams), streams);
      case 'If':
        for (const clause of command.clauses)
          if ((await this.#test(clause.condition, streams)) === 0) return this.#body(clause.body, streams);
        return command.elseBody ? this.#body(command.elseBody, streams) : 0;
      case 'While':
      case 'Until': {
        let status = 0;
        while (((await this.#test(command.condition, streams)) === 0) === (command.type === 'While')) {
          const ended = await this.#turn(command.body, streams);
          status = scope.status;
          if (ended) break;
        }
        return status;
      }
      case 'For': {
        const words: string[] = [];
        if (command.words === null) words.push(...scope.positional);
        else for (const word of command.words) words.push(...(await fieldsOf(this.#around(streams), word)));
        if (words.length === 0) return 0;
        for (const word of words) {
          scope.variables.set(command.variable, word);
          if (await this.#turn(command.body, streams)) break;
        }
        return scope.status;
      }
      case 'Case': {
        const around = this.#around(streams);
        const text = await textOfWord(around, command.word);
        for (const { patterns, body } of command.items)
          for (const pattern of patterns)
            if (patternOf(await patternOfWord(around, pattern)).test(text)) return this.#body(body, streams);
        return 0;
      }
      default:
        return this.#command(command, streams);
    }
  }

  /** Its first command still sees the status of what was asked before it (POSIX, 2.5.2: the last pipeline). */
  #body(statements: readonly StatementNode[], streams: Streams): Promise<number> {
    if (statements.length === 0) this.scope.status = 0;
    return this.#statements(statements, streams);
  }

  async #test(statements: readonly StatementNode[], streams: Streams): Promise<number> {
    this.#tested += 1;
    try {
      return await this.#statements(statements, streams);
    } finally {
      this.#tested -= 1;
    }
  }

  /** One turn of a loop; true: it was the last. */
  async #turn(body: readonly StatementNode[], streams: Streams): Promise<boolean> {
    try {
      await this.#statements(body, streams);
      return false;
    } catch (error) {
      if (!(error instanceof Jump) || (error.kind !== 'break' && error.kind !== 'continue')) throw error;
      this.scope.status = 0;
      if (error.count > 1) throw new Jump(error.kind, error.count - 1);
      return error.kind === 'break';
    }
  }

  async #simple(command: SimpleCommandNode, streams: Streams): Promise<number> {
    const { scope } = this;
    const around = this.#around(streams);
    this.#substituted = undefined;
    const words: string[] = command.name ? await fieldsOf(around, command.name) : [];
    for (const arg of command.args) {
      const isAssignment = words[0] !== undefined && /^(export|readonly|local)$/.test(words[0]);
      if (isAssignment) words.push(await textOfWord(around, arg));
      else words.push(...(await fieldsOf(around, arg)));
    }
    const [name, ...args] = words;
    if (name === undefined) {
      for (const { name: variable, value } of command.assignments)
        this.#set(variable, value ? await textOfWord(around, value) : '');
      const substituted = this.#substituted as number | undefined;
      return this.#redirected(command.redirections, streams, () => Promise.resolve(substituted ?? 0));
    }
    const before = new Map<string, string | undefined>();
    for (const { name: variable, value } of command.assignments) {
      const text = value ? await textOfWord(around, value) : '';
      if (!before.has(variable)) before.set(variable, scope.variables.get(variable));
      scope.variables.set(variable, text);
    }
    const added = [...before.keys()].filter((variable) => !scope.exported.has(variable));
    for (const variable of added) scope.exported.add(variable);
    try {
      return await this.#redirected(command.redirections, streams, (inner) => this.#call(name, args, inner));
    } finally {
      for (const variable of added) scope.exported.delete(variable);
      for (const [variable, value] of before)
        if (value === undefined) scope.variables.delete(variable);
        else scope.variables.set(variable, value);
    }
  }

  /** The status of the last substitution, which is that of a command without a name. */
  #substituted: number | undefined;

  #set(name: string, value: string): void {
    if (this.scope.readOnly.has(name)) throw new ShellError(`${name}: is read only`);
    this.scope.variables.set(name, value);
  }

  async #call(name: string, args: readonly string[], streams: Streams): Promise<number> {
    const own = this.#functions.get(name);
    if (own) return this.#function(own, args, streams);
    const builtin = builtins[name];
    if (builtin) return builtin(this.scope, args, streams, this.#machinery.fs);
    if (utilities.has(name)) return this.#utility(name, args, streams);
    return this.#program(name, args, streams);
  }

  async #program(name: string, args: readonly string[], streams: Streams): Promise<number> {
    const { scope } = this;
    if (name.includes('/')) return this.#path(this.#machinery.fs.resolvePath(scope.cwd, name), name, args, streams);
    const place = await this.#machinery.find(name, scope);
    if (place !== undefined && !/^\/(usr\/)?s?bin\//.test(place)) return this.#path(place, name, args, streams);
    const running = this.#machinery.program(name, args, scope, streams);
    if (running) return running;
    if (place !== undefined) return this.#path(place, name, args, streams);
    streams.err(bytesOf(`sh: ${name}: command not found\n`));
    return 127;
  }

  async #path(path: string, name: string, args: readonly string[], streams: Streams): Promise<number> {
    const { fs } = this.#machinery;
    if (!(await fs.exists(path))) {
      streams.err(bytesOf(`sh: ${name}: No such file or directory\n`));
      return 127;
    }
    const file = await this.#machinery.file(path);
    if (!file) {
      streams.err(bytesOf(`sh: ${name}: Permission denied\n`));
      return 126;
    }
    if (file.program !== undefined)
      return (await this.#machinery.program(file.program, args, this.scope, streams)) ?? 127;
    const { tree, ids } = this.#machinery.parse(file.text);
    const scope = new Scope(Object.entries(this.scope.environment()), args, this.scope.cwd);
    return new Interpreter(this.#machinery, scope).run(tree, ids, streams);
  }

  async #function(
    { node, ids }: { readonly node: FunctionNode; readonly ids: readonly string[] },
    args: readonly string[],
    streams: Streams,
  ): Promise<number> {
    const { scope } = this;
    if (this.#depth > 200) throw new ShellError('a function calls itself too often');
    const before = scope.positional;
    const locals = new Map<string, string | undefined>();
    scope.positional = args;
    scope.locals.push(locals);
    this.#depth += 1;
    try {
      return await this.#within(ids, () =>
        this.#redirected(node.redirections, streams, (inner) => this.#command(node.body, inner)),
      );
    } catch (error) {
      if (error instanceof Jump && error.kind === 'return') return error.count;
      throw error;
    } finally {
      this.#depth -= 1;
      scope.locals.pop();
      scope.positional = before;
      for (const [name, value] of locals)
        if (value === undefined) scope.variables.delete(name);
        else scope.variables.set(name, value);
    }
  }

  async #utility(name: string, args: readonly string[], streams: Streams): Promise<number> {
    const { scope } = this;
    const { fs } = this.#machinery;
    switch (name) {
      case 'echo':
        streams.out(bytesOf(args[0] === '-n' ? args.slice(1).join(' ') : `${args.join(' ')}\n`));
        return 0;
      case 'read':
        return read(scope, args, streams);
      case 'test':
        return this.#condition(args, streams);
      case '[':
        if (args.at(-1) === ']') return this.#condition(args.slice(0, -1), streams);
        streams.err('sh: [: missing ]\n');
        return 2;
      case 'eval': {
        const { tree, ids } = this.#machinery.parse(args.join(' '));
        return this.#within(ids, () => this.#statements(tree.statements, streams)).then(() => scope.status);
      }
      case '.': {
        const path = fs.resolvePath(scope.cwd, args[0] ?? '');
        if (!(await fs.exists(path))) throw new ShellError(`.: cannot open ${args[0] ?? ''}: No such file`);
        const { tree, ids } = this.#machinery.parse(await fs.readFile(path));
        return this.#within(ids, () => this.#statements(tree.statements, streams)).then(() => scope.status);
      }
      case 'export':
      case 'readonly':
      case 'local':
        return this.#declare(name, args, streams);
      case 'type':
      case 'command':
        return this.#which(name, args, streams);
      default:
        return 127;
    }
  }

  async #condition(args: readonly string[], streams: Streams): Promise<number> {
    const status = await condition(this.#machinery.fs, this.scope.cwd, args);
    if (status === 2) streams.err(bytesOf(`sh: [: ${args.join(' ')}: integer expression expected\n`));
    return status;
  }

  #declare(kind: string, args: readonly string[], streams: Streams): number {
    const { scope } = this;
    for (const arg of args.filter((one) => !one.startsWith('-'))) {
      const at = arg.indexOf('=');
      const name = at < 0 ? arg : arg.slice(0, at);
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        streams.err(bytesOf(`sh: ${kind}: ${arg}: bad variable name\n`));
        return 2;
      }
      const locals = scope.locals.at(-1);
      if (kind === 'local' && locals && !locals.has(name)) locals.set(name, scope.variables.get(name));
      if (at >= 0) this.#set(name, arg.slice(at + 1));
      if (kind === 'export') scope.exported.add(name);
      if (kind === 'readonly') scope.readOnly.add(name);
    }
    return 0;
  }

  /** `command -v NAME`, `command NAME ...`, `type NAME`. */
  async #which(kind: string, args: readonly string[], streams: Streams): Promise<number> {
    const names = args.filter((arg) => arg !== '-v' && arg !== '-p' && arg !== '-V');
    const [name = '', ...rest] = names;
    if (kind === 'command' && !args.includes('-v') && !args.includes('-V')) {
      const builtin = builtins[name];
      if (builtin) return builtin(this.scope, rest, streams, this.#machinery.fs);
      return utilities.has(name) ? this.#utility(name, rest, streams) : this.#program(name, rest, streams);
    }
    const isOwn = this.#functions.has(name) || builtins[name] !== undefined || utilities.has(name);
    const place = isOwn ? name : await this.#machinery.find(name, this.scope);
    if (place === undefined) return kind === 'type' ? (streams.err(bytesOf(`sh: type: ${name}: not found\n`)), 1) : 1;
    streams.out(bytesOf(kind === 'type' ? `${name} is ${place}\n` : `${place}\n`));
    return 0;
  }

  /** Opens what redirections name, runs, and writes what went into files. */
  async #redirected(
    redirections: readonly Redirection[],
    streams: Streams,
    work: (streams: Streams) => Promise<number>,
  ): Promise<number> {
    if (redirections.length === 0) return work(streams);
    const { fs } = this.#machinery;
    let { input, out, err } = streams;
    const files: { readonly path: string; readonly chunks: string[] }[] = [];
    for (const { fd, operator, target } of redirections) {
      if (target.type === 'HereDoc') {
        const text = await textOfWord(this.#around(streams), target.content);
        input = new Input(bytesOf(target.stripTabs ? text.replace(/^\t+/gm, '') : text));
        continue;
      }
      const word = await textOfWord(this.#around(streams), target);
      if (operator === '>&' || operator === '<&') {
        if (word === '-') continue;
        if ((fd ?? 1) === 1) out = word === '2' ? err : out;
        else if (fd === 2) err = word === '1' ? out : err;
        continue;
      }
      const path = fs.resolvePath(this.scope.cwd, word);
      try {
        if (operator === '<' || operator === '<>') {
          input = new Input(path === '/dev/null' ? '' : Buffer.from(await fs.readFileBuffer(path)).toString('latin1'));
          continue;
        }
        if (path !== '/dev/null') {
          const folder = path.slice(0, path.lastIndexOf('/')) || '/';
          if (!(await fs.exists(folder))) throw new Error('No such file or directory');
          if (operator !== '>>' || !(await fs.exists(path)))
            if (!path.startsWith('/dev/')) await fs.writeFile(path, '');
        }
      } catch (error) {
        const why =
          error instanceof Error && /EACCES|denied/i.test(error.message)
            ? 'Permission denied'
            : 'No such file or directory';
        streams.err(bytesOf(`sh: ${word}: ${why}\n`));
        return 1;
      }
      const file = { path, chunks: [] as string[] };
      if (path !== '/dev/null') files.push(file);
      const sink =
        path === '/dev/stderr'
          ? streams.err
          : path === '/dev/stdout'
            ? streams.out
            : (bytes: string) => void file.chunks.push(bytes);
      if ((fd ?? 1) === 1) out = sink;
      else err = sink;
    }
    try {
      return await work({ input, out, err });
    } finally {
      for (const { path, chunks } of files)
        if (chunks.length > 0) await fs.appendFile(path, Buffer.from(chunks.join(''), 'latin1'));
    }
  }

  #around(streams: Streams): Surroundings {
    const { scope } = this;
    const ids = this.#ids;
    return {
      fs: this.#machinery.fs,
      cwd: scope.cwd,
      positional: scope.positional,
      noGlob: scope.noGlob,
      strict: scope.strict,
      get: (name) => this.#variable(name),
      set: (name, value) => this.#set(name, value),
      real: (text) => withIds(text, ids),
      substitute: async (body) => {
        const chunks: string[] = [];
        const own: Streams = { input: streams.input, err: streams.err, out: (bytes) => void chunks.push(bytes) };
        this.scope.status = await this.#apart((inner) => inner.#statements(body.statements, own), own);
        this.#substituted = this.scope.status;
        return textOf(chunks.join('')).replaceAll('\0', '');
      },
    };
  }

  #variable(name: string): string | undefined {
    const { scope } = this;
    if (/^[1-9]\d*$/.test(name)) return scope.positional[Number(name) - 1];
    switch (name) {
      case '?':
        return String(scope.status);
      case '#':
        return String(scope.positional.length);
      case '$':
        return String(this.#machinery.pid);
      case '0':
        return 'sh';
      case '@':
      case '*':
        return scope.positional.join(' ');
      case '-':
        return `${scope.errexit ? 'e' : ''}${scope.strict ? 'u' : ''}`;
      default:
        return scope.variables.get(name);
    }
  }
}
