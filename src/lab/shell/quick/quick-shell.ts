import type * as JustBashModule from 'just-bash';
import { Killed } from '../../clock.ts';
import type { Machine } from '../../machine.ts';
import type { Revisions } from '../revisions.ts';
import type { RunSpec } from '../run-spec.ts';
import type { ShellProcess, Tool } from '../shell.ts';
import { Scope } from './builtins.ts';
import { Interpreter, type Machinery } from './interpreter.ts';
import { scriptOf } from './script.ts';
import { bytesOf, Input, type Streams } from './streams.ts';
import { isPlain } from './supported.ts';
import { TextPrograms } from './text-programs.ts';
import { ShellError } from './words.ts';

/** A program of the lab: how it is called, and by which name it is known. */
export interface OwnProgram {
  readonly name: string;
  readonly tool: Tool;
  readonly audited: boolean;
}

/** The programs of its own that the shell around it has. */
export interface Programs {
  get(name: string): OwnProgram | undefined;
  names(): readonly string[];
}

/** How the shell around it runs one of its own programs. */
export interface OwnCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Bytes. */
  readonly stdin: string;
  readonly out: (chunk: Buffer) => void;
  readonly err: (chunk: Buffer) => void;
  /** The text program of the same name. */
  original(
    args: readonly string[],
  ): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number }>;
}

export interface QuickRun {
  readonly machine: Machine;
  readonly process: ShellProcess;
  readonly spec: RunSpec;
  readonly programs: Programs;
  runOwn(program: OwnProgram, call: OwnCall): Promise<number>;
}

const STUB = /^#!\/bin\/bash\n# Built-in command: (\S+)/;

/** Runs plain POSIX scripts some ten times faster than just-bash, whose parser and text programs it takes. */
export class QuickShell {
  readonly #justBash: typeof JustBashModule;
  readonly #texts: TextPrograms;
  /** Of machines that have the files that just-bash makes for its commands: a watched machine is no other one. */
  readonly #laidOut = new WeakSet<Revisions>();

  constructor(justBash: typeof JustBashModule) {
    this.#justBash = justBash;
    this.#texts = new TextPrograms(justBash);
  }

  /** @returns the exit status; undefined: the script is not of the plain kind, and nothing of it ran. Never rejects. */
  async run(run: QuickRun, script: string): Promise<number | undefined> {
    let parsed;
    try {
      parsed = scriptOf(this.#justBash, script);
    } catch {
      return undefined;
    }
    if (!isPlain(parsed.tree)) return undefined;
    const { machine, process, spec } = run;
    this.#layOut(run);
    const machinery = this.#machinery(run);
    const environment = { ...machine.environment, ...spec.env };
    const scope = new Scope(Object.entries({ ...environment, PWD: spec.cwd }), spec.args, spec.cwd);
    const interpreter = new Interpreter(machinery, scope);
    const streams = streamsOf(spec);
    try {
      const code = await interpreter.run(parsed.tree, parsed.ids, streams);
      const trap = process.traps.get('EXIT');
      process.traps.clear();
      if (trap === undefined || trap === '') return code;
      scope.status = code;
      const { tree, ids } = machinery.parse(trap);
      scope.errexit = false;
      const after = await interpreter.run(tree, ids, streams);
      return /\bexit\b/.test(trap) ? after : code;
    } catch (error) {
      if (spec.signal.aborted || error instanceof Killed) return 137;
      spec.err(Buffer.from(`sh: ${error instanceof Error ? error.message : String(error)}\n`));
      return 2;
    }
  }

  #layOut({ machine, programs }: QuickRun): void {
    const { revisions } = machine.fs;
    if (this.#laidOut.has(revisions)) return;
    this.#laidOut.add(revisions);
    const execute = () => Promise.resolve({ stdout: '', stderr: '', exitCode: 0 });
    const customCommands = programs.names().map((name) => ({ name, trusted: true, execute }));
    // Its files are those of any machine.
    void new this.#justBash.Bash({ fs: machine.fs, customCommands, defenseInDepth: false });
  }

  #machinery(run: QuickRun): Machinery {
    const { machine, process, spec, programs } = run;
    const fs = machine.fs.as(process);
    const texts = this.#texts;
    const isThere = (name: string) => programs.get(name) !== undefined || (texts.has(name) && !isHidden(machine, name));
    return {
      fs,
      pid: process.pid,
      signal: spec.signal,
      program: (name, args, scope, streams) => {
        const env = scope.environment();
        const sleep = (ms: number) => machine.clock.sleep(ms, spec.signal);
        const call = { fs, cwd: scope.cwd, env: new Map(Object.entries(env)), signal: spec.signal, sleep };
        const own = programs.get(name);
        if (!own)
          return isThere(name)
            ? printed(texts.run(name, args, { ...call, stdin: () => streams.input.rest() }), streams)
            : undefined;
        let stdin: string | undefined;
        const read = () => (stdin ??= streams.input.rest());
        return run.runOwn(own, {
          args,
          env,
          cwd: scope.cwd,
          get stdin() {
            return read();
          },
          out: (chunk) => streams.out(chunk.toString('latin1')),
          err: (chunk) => streams.err(chunk.toString('latin1')),
          original: (other) => texts.run(name, other, { ...call, stdin: read }),
        });
      },
      find: async (name, scope) => {
        for (const folder of (scope.variables.get('PATH') ?? '').split(':')) {
          if (folder === '' || (/^(\/usr)?\/s?bin$/.test(folder) && isThere(name))) {
            if (folder === '/usr/bin' || folder === '/bin') return `${folder}/${name}`;
            continue;
          }
          const path = `${folder}/${name}`;
          if (!(await fs.exists(path))) continue;
          const { isFile, mode } = await fs.stat(path);
          if (isFile && (mode & 0o111) !== 0) return path;
        }
        return isThere(name) ? `/usr/bin/${name}` : undefined;
      },
      file: async (path) => {
        const { isFile, mode } = await fs.stat(path);
        if (!isFile || (mode & 0o111) === 0) return undefined;
        const text = await fs.readFile(path);
        const program = STUB.exec(text)?.[1];
        return program === undefined ? { text } : { text, program };
      },
      parse: (text) => {
        try {
          const parsed = scriptOf(this.#justBash, text);
          if (isPlain(parsed.tree)) return parsed;
        } catch (error) {
          throw new ShellError(error instanceof Error ? error.message : String(error));
        }
        throw new ShellError('this is no plain script');
      },
    };
  }
}

/** Programs that just-bash has and no machine of the lab. */
function isHidden({ binaries }: Machine, name: string): boolean {
  return binaries.has(name) && binaries.get(name) === undefined;
}

async function printed(
  running: Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number }>,
  streams: Streams,
): Promise<number> {
  const { stdout, stderr, exitCode } = await running;
  if (stdout !== '') streams.out(stdout);
  if (stderr !== '') streams.err(stderr);
  return exitCode;
}

function streamsOf(spec: RunSpec): Streams {
  return {
    input: new Input(bytesOf(spec.stdin)),
    out: (bytes) => spec.out(Buffer.from(bytes, 'latin1')),
    err: (bytes) => spec.err(Buffer.from(bytes, 'latin1')),
  };
}
