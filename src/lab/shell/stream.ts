import type {
  CommandNode,
  ScriptNode,
  SimpleCommandNode,
  StatementNode,
  TransformContext,
  TransformPlugin,
  WordNode,
} from 'just-bash';

/** First argument of a simulated program whose output goes straight to the script's own: it may print bit by bit. */
export const streamMark = '--lab-stream-8f2c';

type Redirection = SimpleCommandNode['redirections'][number];

/** Builtins that print nothing and whose redirections would change the shell itself. */
const untouched = new Set([
  'exec',
  'exit',
  'return',
  'break',
  'continue',
  'set',
  'shift',
  'export',
  'readonly',
  'local',
  'unset',
  'cd',
  'trap',
  ':',
]);

/**
 * just-bash hands output over at a script's end only. This plugin points the output of every command outside of pipes,
 * captures and redirections at two special files, so that it arrives while the script still runs.
 */
export class StreamPlugin implements TransformPlugin {
  readonly name = 'lab-stream';
  /** The script's function definitions as text, for an EXIT trap that needs them. */
  functions = '';
  readonly #functionNames = new Set<string>();
  readonly #streams: readonly [string, string];
  readonly #tools: ReadonlySet<string>;

  constructor(streams: readonly [string, string], tools: ReadonlySet<string>) {
    this.#streams = streams;
    this.#tools = tools;
  }

  transform(context: TransformContext): { ast: ScriptNode } {
    this.functions += functionTexts(context.ast.statements).join('\n');
    for (const [, name = ''] of this.functions.matchAll(/(?:^|\n)\s*(?:function\s+)?([\w-]+)\s*\(\)/g))
      this.#functionNames.add(name);
    this.#statements(context.ast.statements);
    return { ast: context.ast };
  }

  #statements(statements: readonly StatementNode[]): void {
    for (const statement of statements) {
      for (const pipeline of statement.pipelines) {
        const last = pipeline.commands.at(-1);
        for (const command of pipeline.commands) if (command !== last) this.#inPipe(command);
        if (last) this.#command(last);
      }
    }
  }

  /** A pipe takes its stdout; its stderr goes out at once. */
  #inPipe(command: CommandNode): void {
    if (command.type === 'SimpleCommand' && command.name) command.redirections.unshift(appendTo(2, this.#streams[1]));
  }

  #command(command: CommandNode): void {
    switch (command.type) {
      case 'SimpleCommand':
        this.#simple(command);
        return;
      case 'If':
        if (redirectsOutput(command.redirections)) return;
        for (const clause of command.clauses) {
          this.#statements(clause.condition);
          this.#statements(clause.body);
        }
        if (command.elseBody) this.#statements(command.elseBody);
        return;
      case 'While':
      case 'Until':
        if (redirectsOutput(command.redirections)) return;
        this.#statements(command.condition);
        this.#statements(command.body);
        return;
      case 'For':
      case 'CStyleFor':
      case 'Subshell':
      case 'Group':
        if (!redirectsOutput(command.redirections)) this.#statements(command.body);
        return;
      case 'Case':
        if (!redirectsOutput(command.redirections)) for (const item of command.items) this.#statements(item.body);
        return;
      case 'FunctionDef':
      case 'ArithmeticCommand':
      case 'ConditionalCommand':
    }
  }

  #simple(command: SimpleCommandNode): void {
    const name = command.name && literalOf(command.name);
    if (!command.name || (name !== undefined && name !== null && untouched.has(name))) return;
    const tool = name?.replace(/^.*\//, '') ?? '';
    if (this.#tools.has(tool) && !this.#functionNames.has(tool) && !redirectsOutput(command.redirections))
      command.args.unshift(wordOf(streamMark));
    command.redirections.unshift(appendTo(1, this.#streams[0]), appendTo(2, this.#streams[1]));
  }
}

function redirectsOutput(redirections: readonly Redirection[]): boolean {
  return redirections.some((redirection) => !redirection.operator.startsWith('<'));
}

function appendTo(fd: number, path: string): Redirection {
  return { type: 'Redirection', fd, operator: '>>', target: wordOf(path) };
}

function wordOf(value: string): WordNode {
  return { type: 'Word', parts: [{ type: 'Literal', value }] };
}

/** The text of a word without expansions. */
function literalOf(word: WordNode): string | undefined {
  let text = '';
  for (const part of word.parts) {
    if (part.type === 'Literal' || part.type === 'SingleQuoted' || part.type === 'Escaped') text += part.value;
    else return undefined;
  }
  return text;
}

function functionTexts(statements: readonly StatementNode[]): string[] {
  return statements
    .filter((statement) =>
      statement.pipelines.some((pipeline) => pipeline.commands.some((command) => command.type === 'FunctionDef')),
    )
    .flatMap((statement) => statement.sourceText ?? []);
}
