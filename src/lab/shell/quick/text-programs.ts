import type * as JustBashModule from 'just-bash';
import type { Command, IFileSystem } from 'just-bash';
import { createHash } from 'node:crypto';

/** Programs that only make another text of what they read: the same question has the same answer. */
const filters = new Set([
  'awk',
  'base64',
  'cut',
  'egrep',
  'fgrep',
  'grep',
  'head',
  'sed',
  'sort',
  'tail',
  'tr',
  'uniq',
  'wc',
  'sha256sum',
]);
/** Arguments by which they would do more, or read what is not looked at here. */
const acting =
  /^-[a-zA-Z]*i|^--in-place|^-[rR]|getline|system\(|\bclose\(|print[^;}]*>|printf[^;}]*>|^-o$|^--output|[0-9;]w /;
const MOST = 20_000;
/** Longer answers are not kept. */
const LONGEST = 100_000;

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const answers = new Map<string, Answer>();

export interface TextCall {
  readonly fs: IFileSystem;
  readonly cwd: string;
  readonly env: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** Milliseconds of the machine's time. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Bytes. */
  readonly stdin: () => string;
}

/** just-bash's own programs, called without the shell around them. */
export class TextPrograms {
  readonly #justBash: typeof JustBashModule;
  readonly #commands: ReadonlyMap<string, Command>;

  constructor(justBash: typeof JustBashModule) {
    this.#justBash = justBash;
    const bash = new justBash.Bash({ defenseInDepth: false });
    // It shows its programs only to those that run within it; a later release may hide them, and then there are none.
    const { commands } = bash as unknown as { readonly commands?: ReadonlyMap<string, Command> };
    this.#commands = commands instanceof Map ? commands : new Map();
  }

  has(name: string): boolean {
    return this.#commands.has(name);
  }

  /** Bytes in and out. */
  async run(name: string, args: readonly string[], call: TextCall): Promise<Answer> {
    const remembers = filters.has(name) && !args.some((arg) => acting.test(arg));
    if (!remembers) return this.#execute(name, args, call, call.stdin());
    const { files, reads } = await filesIn(args, call);
    const stdin = reads ? '' : call.stdin();
    const key = keyOf(name, args, files, stdin);
    const known = answers.get(key);
    if (known) return known;
    const answer = await this.#execute(name, args, call, stdin);
    if (answers.size >= MOST) answers.clear();
    if (answer.stdout.length + answer.stderr.length <= LONGEST) answers.set(key, answer);
    return answer;
  }

  async #execute(name: string, args: readonly string[], call: TextCall, stdin: string): Promise<Answer> {
    const command = this.#commands.get(name);
    if (!command) return { stdout: '', stderr: `sh: ${name}: not found\n`, exitCode: 127 };
    const context = this.#justBash.createCommandContext({
      fs: call.fs,
      cwd: call.cwd,
      env: new Map(call.env),
      stdin: this.#justBash.unsafeBytesFromLatin1(stdin),
      signal: call.signal,
      sleep: call.sleep,
    });
    const result = await command.execute([...args], context);
    const isBytes = result.stdoutKind === 'bytes' || result.stdoutEncoding === 'binary';
    return {
      stdout: isBytes ? result.stdout : Buffer.from(result.stdout, 'utf8').toString('latin1'),
      stderr: Buffer.from(result.stderr, 'utf8').toString('latin1'),
      exitCode: result.exitCode,
    };
  }
}

/** What is in the files that arguments may name. */
async function filesIn(
  args: readonly string[],
  { fs, cwd }: TextCall,
): Promise<{ readonly files: string; readonly reads: boolean }> {
  let files = '';
  let reads = false;
  for (const arg of args) {
    if (arg === '' || arg.startsWith('-') || arg.length > 300 || arg.includes('\n')) continue;
    const path = fs.resolvePath(cwd, arg);
    if (!(await fs.exists(path))) continue;
    const { isFile } = await fs.stat(path);
    reads ||= isFile;
    files += `${path}\0${isFile ? Buffer.from(await fs.readFileBuffer(path)).toString('latin1') : 'folder'}\0`;
  }
  return { files, reads };
}

function keyOf(name: string, args: readonly string[], files: string, stdin: string): string {
  const key = `${name}\0${args.join('\0')}\0\0${files}\0\0${stdin}`;
  return key.length < 2000 ? key : createHash('sha256').update(key, 'latin1').digest('base64');
}
