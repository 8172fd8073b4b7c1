import type * as JustBashModule from 'just-bash';
import type { Bash, Command, ResolvedCommandContext } from 'just-bash';
import { abortOfMany, Killed } from '../clock.ts';
import { isForeign } from '../distribution.ts';
import type { FileUser, Machine, MachineFiles, MachineShell } from '../machine.ts';
import type { World } from '../world.ts';
import type { RunSpec } from './run-spec.ts';
import { withFault } from './fault.ts';
import { withDocumentsApart } from './here-documents.ts';
import { etcdPrograms, imageProgram, isEtcdProgram, isWithin } from '../etcd-process.ts';
import { quote } from './quote.ts';
import { streamMark, StreamPlugin } from './stream.ts';
import { machineFsClass, type OutputSinks } from './machine-fs.ts';
import { type OwnCall, type OwnProgram, type Programs, QuickShell } from './quick/quick-shell.ts';

type JustBash = typeof JustBashModule;

/** What one simulated program is given. */
export interface ToolContext {
  readonly world: World;
  readonly machine: Machine;
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly stdin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid: number;
  readonly signal: AbortSignal;
  readonly process: ShellProcess;
  out(text: string): void;
  err(text: string): void;
  /** {@link out} for bytes. */
  write(bytes: Buffer): void;
  /** Runs the shell's own program of this name, where it has one. */
  original(args?: readonly string[]): Promise<number>;
  /** Runs another program or script in this one's place. */
  spawn(spec: Partial<RunSpec> & { readonly script: string }): Promise<number>;
}

/** A simulated program; resolves with its exit code. */
export type Tool = (context: ToolContext) => Promise<number> | number;

export interface ToolSet {
  /** Wrappers and plain shell tools: not in the audit log, no faults. */
  readonly plain: Readonly<Record<string, Tool>>;
  /** Simulated tools: audited. */
  readonly audited: Readonly<Record<string, Tool>>;
}

/** State of one running script that programs may change. */
export class ShellProcess implements FileUser {
  readonly pid: number;
  readonly uid: number;
  readonly traps = new Map<string, string>();
  umask = 0o022;
  constructor(pid: number, uid: number) {
    this.pid = pid;
    this.uid = uid;
  }
}

/** The simulated shell of all machines of one lab. */
export class LabShell implements MachineShell {
  readonly #justBash: JustBash;
  /** One for all machines: calls of methods of hundreds of classes are slow. */
  readonly #MachineFs;
  readonly #tools: ToolSet;
  readonly #sinks: OutputSinks = new Map();
  #runs = 0;
  #world: World | undefined;
  readonly #quick: QuickShell | undefined;

  /** `quick`: plain scripts are run by the lab's own interpreter; what it does not know is run by just-bash. */
  constructor(justBash: JustBash, tools: ToolSet, { quick = false }: { readonly quick?: boolean } = {}) {
    this.#justBash = justBash;
    this.#MachineFs = machineFsClass(justBash.InMemoryFs);
    this.#tools = tools;
    this.#quick = quick ? new QuickShell(justBash) : undefined;
  }

  attach(world: World): void {
    this.#world = world;
  }

  createFs(machine: Machine): MachineFiles {
    return new this.#MachineFs(machine, this.#sinks);
  }

  /** Runs a script to its end; resolves with its exit code, 137 when it was killed. Never rejects. */
  async run(machine: Machine, spec: RunSpec): Promise<number> {
    const process = new ShellProcess(machine.newPid(), spec.uid);
    this.#runs += 1;
    const streams = [`/dev/.lab/${this.#runs}.1`, `/dev/.lab/${this.#runs}.2`] as const;
    this.#sinks.set(streams[0], (chunk) => spec.out(chunk));
    this.#sinks.set(streams[1], (chunk) => spec.err(chunk));
    const abort = abortOfMany();
    const killable = { kill: () => abort.abort() };
    if (spec.signal.aborted) abort.abort();
    spec.signal.addEventListener('abort', killable.kill, { once: true });
    machine.running.add(killable);
    try {
      const own = { ...spec, signal: abort.signal };
      const quick = await this.#runQuick(machine, process, own);
      return quick ?? (await this.#execute(machine, process, own, streams));
    } finally {
      spec.signal.removeEventListener('abort', killable.kill);
      machine.running.delete(killable);
      this.#sinks.delete(streams[0]);
      this.#sinks.delete(streams[1]);
    }
  }

  /** Undefined: nothing of it ran. */
  async #runQuick(machine: Machine, process: ShellProcess, spec: RunSpec): Promise<number | undefined> {
    if (!this.#quick) return undefined;
    const runOwn = async ({ name, tool, audited }: OwnProgram, call: OwnCall) => {
      const context = this.#quickContext(machine, process, spec, call);
      return audited ? this.#runAudited(name, tool, context) : tool(context);
    };
    return this.#quick.run({ machine, process, spec, programs: this.#programs(machine), runOwn }, spec.script);
  }

  #quickContext(machine: Machine, process: ShellProcess, spec: RunSpec, call: OwnCall): ToolContext {
    const world = spec.world ?? this.#world;
    if (!world) throw new Error('the lab has no world yet');
    const { args, env, cwd, out, err } = call;
    const { uid } = process;
    const { signal } = spec;
    return {
      world,
      machine,
      args,
      env,
      process,
      cwd,
      uid,
      signal,
      get stdin() {
        return Buffer.from(call.stdin, 'latin1').toString('utf8');
      },
      out: (text) => out(Buffer.from(text)),
      err: (text) => err(Buffer.from(text)),
      write: out,
      original: async (other = args) => {
        const { stdout, stderr, exitCode } = await call.original(other);
        out(Buffer.from(stdout, 'latin1'));
        err(Buffer.from(stderr, 'latin1'));
        return exitCode;
      },
      spawn: (spawned) =>
        this.run(machine, {
          uid,
          env,
          cwd,
          stdin: spawned.stdin ?? call.stdin,
          signal,
          args: [],
          out,
          err,
          ...watchedWorld(spec),
          ...spawned,
        }),
    };
  }

  /** The simulated programs that a machine has, by the names that its shell knows: looked for when they are called. */
  #programs(machine: Machine): Programs {
    const known = new Map<string, OwnProgram | undefined>();
    const get = (name: string): OwnProgram | undefined => {
      if (!known.has(name)) known.set(name, this.#program(machine, name));
      return known.get(name);
    };
    return { get, names: () => this.#programNames().filter((name) => get(name) !== undefined) };
  }

  #programNames(): string[] {
    const { plain, audited } = this.#tools;
    return [...new Set([...Object.keys(plain), ...Object.keys(audited), ...etcdPrograms.map(imageProgram)])];
  }

  #program(machine: Machine, name: string): OwnProgram | undefined {
    const { plain, audited } = this.#tools;
    const inImage = etcdPrograms.find((one) => imageProgram(one) === name && Object.hasOwn(audited, one));
    const tool = inImage === undefined ? undefined : audited[inImage];
    if (inImage !== undefined && tool) return { name: inImage, tool, audited: true };
    if (isForeign(machine, name) || isWithin(machine, name) || isMissing(machine, name)) return undefined;
    for (const [set, isAudited] of [
      [audited, true],
      [plain, false],
    ] as const) {
      const own = Object.hasOwn(set, name) ? set[name] : undefined;
      if (own) return { name, tool: own, audited: isAudited };
    }
    return undefined;
  }

  async #execute(
    machine: Machine,
    process: ShellProcess,
    spec: RunSpec,
    streams: readonly [string, string],
  ): Promise<number> {
    const bash = this.#createBash(machine, process, spec);
    const plugin = new StreamPlugin(
      streams,
      new Set([
        ...Object.keys(this.#tools.plain),
        ...Object.keys(this.#tools.audited),
        ...etcdPrograms.map(imageProgram),
      ]),
    );
    bash.registerTransformPlugin(plugin);
    const prelude = spec.args.length > 0 ? `set -- ${spec.args.map(quote).join(' ')}\n` : '';
    const apart = await withDocumentsApart(machine, spec.script, process.pid);
    const result = await this.#exec(bash, prelude + apart.script, spec, { ...machine.environment, ...spec.env });
    await apart.clear();
    if (!result) return 137;
    return this.#runExitTrap(bash, process, spec, plugin, result);
  }

  async #runExitTrap(
    bash: Bash,
    process: ShellProcess,
    spec: RunSpec,
    plugin: StreamPlugin,
    result: ExecEnd,
  ): Promise<number> {
    const code = process.traps.get('EXIT');
    process.traps.clear();
    if (!code) return result.exitCode;
    const script = `${plugin.functions}\n(exit ${result.exitCode})\n${code}\n`;
    const after = await this.#exec(bash, script, { ...spec, stdin: '' }, result.env);
    if (!after) return 137;
    return /\bexit\b/.test(code) ? after.exitCode : result.exitCode;
  }

  async #exec(
    bash: Bash,
    script: string,
    spec: RunSpec,
    env: Readonly<Record<string, string>>,
  ): Promise<ExecEnd | undefined> {
    try {
      const result = await bash.exec(script, {
        rawScript: true,
        env: { ...env },
        replaceEnv: true,
        cwd: spec.cwd,
        stdin: spec.stdin,
        stdinKind: 'bytes',
        signal: spec.signal,
      });
      if (spec.signal.aborted) return undefined;
      const encoding = result.stdoutKind === 'bytes' || result.stdoutEncoding === 'binary' ? 'latin1' : 'utf8';
      if (result.stdout) spec.out(Buffer.from(result.stdout, encoding));
      if (result.stderr) spec.err(Buffer.from(result.stderr.replace(/^bash: /gm, 'sh: '), 'utf8'));
      return { exitCode: result.exitCode, env: scriptVariables(result.env) };
    } catch (error) {
      if (spec.signal.aborted) return undefined;
      spec.err(Buffer.from(`sh: ${error instanceof Error ? error.message : String(error)}\n`));
      return { exitCode: 2, env };
    }
  }

  #createBash(machine: Machine, process: ShellProcess, spec: RunSpec): Bash {
    const { Bash } = this.#justBash;
    return new Bash({
      fs: machine.fs.as(process),
      cwd: spec.cwd,
      env: { ...machine.environment, ...spec.env },
      sleep: (ms) => machine.clock.sleep(ms, spec.signal),
      customCommands: this.#commands(machine, process, spec),
      defenseInDepth: false,
      processInfo: { pid: process.pid, ppid: 1, uid: process.uid, gid: process.uid },
      executionLimits: {
        maxExecutionTimeMs: Number.POSITIVE_INFINITY,
        maxExtensionCleanupTimeMs: 5,
        maxOutputSize: 512 * 1024 * 1024,
      },
    });
  }

  #commands(machine: Machine, process: ShellProcess, spec: RunSpec): Command[] {
    const wrap = (name: string, tool: Tool, audited: boolean): Command => ({
      name,
      trusted: true,
      execute: (args, ctx) => this.#runTool(name, tool, audited, { machine, process, spec, args, ctx }),
    });
    const own = (set: Readonly<Record<string, Tool>>) =>
      Object.entries(set).filter(
        ([name]) => !isForeign(machine, name) && !isWithin(machine, name) && !isMissing(machine, name),
      );
    const inImages = Object.entries(this.#tools.audited).filter(([name]) => isEtcdProgram(name));
    return [
      ...inImages.map(([name, tool]) => ({ ...wrap(name, tool, true), name: imageProgram(name) })),
      ...own(this.#tools.plain).map(([name, tool]) => wrap(name, tool, false)),
      ...own(this.#tools.audited).map(([name, tool]) => wrap(name, tool, true)),
    ];
  }

  async #runTool(name: string, tool: Tool, audited: boolean, call: ToolCall) {
    const collected: Collected = { stdout: [], stderr: [] };
    const context = this.#toolContext(call, collected);
    try {
      const exitCode = await (audited ? this.#runAudited(name, tool, context) : tool(context));
      return ended(collected, exitCode);
    } catch (error) {
      if (error instanceof Killed) return ended(collected, 137);
      throw error;
    }
  }

  async #runAudited(name: string, tool: Tool, context: ToolContext): Promise<number> {
    const { machine } = context;
    const line = [name, ...context.args].join(' ');
    const entry = machine.audit.begin(line);
    let exit = 137;
    try {
      exit = await withFault(machine, line, context, () => tool(context));
    } finally {
      entry.exit = exit;
    }
    return exit;
  }

  #toolContext(call: ToolCall, collected: Collected): ToolContext {
    const { machine, process, spec, ctx } = call;
    const world = spec.world ?? this.#world;
    if (!world) throw new Error('the lab has no world yet');
    const streaming = call.args[0] === streamMark;
    const args = streaming ? call.args.slice(1) : call.args;
    const env: Record<string, string> = { ...ctx.exportedEnv };
    const out = (chunk: Buffer) => {
      if (streaming) spec.out(chunk);
      else collected.stdout.push(chunk);
    };
    const err = (chunk: Buffer) => {
      if (streaming) spec.err(chunk);
      else collected.stderr.push(chunk);
    };
    const bytes = this.#justBash.latin1FromBytes(ctx.stdin);
    const stdin = Buffer.from(bytes, 'latin1').toString('utf8');
    const base = { uid: process.uid, env, cwd: ctx.cwd, stdin: bytes, signal: spec.signal, args: [], out, err };
    return {
      world,
      machine,
      args,
      stdin,
      env,
      process,
      cwd: ctx.cwd,
      uid: process.uid,
      signal: spec.signal,
      out: (text) => out(Buffer.from(text)),
      err: (text) => err(Buffer.from(text)),
      write: out,
      original: async (other = args) => {
        const result = await ctx.origCommand?.([...other]);
        if (!result) return 127;
        out(
          Buffer.from(
            result.stdout,
            result.stdoutKind === 'bytes' || result.stdoutEncoding === 'binary' ? 'latin1' : 'utf8',
          ),
        );
        err(Buffer.from(result.stderr));
        return result.exitCode;
      },
      spawn: (spawned) =>
        this.run(machine, {
          ...base,
          ...watchedWorld(spec),
          ...spawned,
        }),
    };
  }
}

function watchedWorld({ world }: RunSpec): Pick<RunSpec, 'world'> {
  return world ? { world } : {};
}

/** It was found not to be there, whatever its package says. */
function isMissing({ binaries }: Machine, name: string): boolean {
  return binaries.has(name) && binaries.get(name) === undefined;
}

interface Collected {
  readonly stdout: Buffer[];
  readonly stderr: Buffer[];
}

function ended(collected: Collected, exitCode: number) {
  const stdout = Buffer.concat(collected.stdout).toString('latin1');
  return { stdout, stdoutKind: 'bytes' as const, stderr: Buffer.concat(collected.stderr).toString('utf8'), exitCode };
}

interface ToolCall {
  readonly machine: Machine;
  readonly process: ShellProcess;
  readonly spec: RunSpec;
  readonly args: string[];
  readonly ctx: ResolvedCommandContext;
}

interface ExecEnd {
  readonly exitCode: number;
  readonly env: Readonly<Record<string, string>>;
}

const internalVariable = /^(\?|#|@|\*|\d+|SHELLOPTS|BASHOPTS|OSTYPE|MACHTYPE|HOSTTYPE|HOSTNAME|__.*)$/;

function scriptVariables(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !internalVariable.test(name)));
}
