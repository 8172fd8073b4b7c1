import type { IFileSystem } from 'just-bash';
import type { RunSpec } from './shell/run-spec.ts';
import { type Printed, runScript } from './run-script.ts';
import type { FileUser, Machine, MachineFiles } from './machine.ts';
import type { World } from './world.ts';

/** What a script looked at while it ran. */
interface Trace {
  readonly paths: Set<string>;
  /** Members of the machine, and how they were. */
  readonly members: Map<Member, string>;
  /** It looked at the clock, at other machines or at the cluster: nothing says whether that is as it was. */
  volatile: boolean;
}

interface Known {
  readonly printed: Printed;
  /** Of the machine's files, before it ran. */
  readonly revision: number;
  readonly paths: readonly string[];
  readonly members: ReadonlyMap<Member, string>;
  /** Milliseconds that it took. */
  readonly took: number;
}

type Member = keyof Machine;

/** Methods that only look at what is named here; other methods may look at anything. */
const methods: Readonly<Record<string, readonly Member[]>> = {
  program: ['binaries', 'packages'],
  installed: ['packages'],
  newPid: [],
  run: [],
};
/** What no answer is made of. */
const unseen: ReadonlySet<string> = new Set(['audit', 'running', 'connections']);
/** Process 1 is as old as the machine. */
const LIVE =
  /^\/proc\/((?!1\/)\d+|self|uptime|loadavg)(\/|$)|^\/proc\/\d+\/cgroup$|^\/proc\/sys\/kernel\/random\/uuid$/;

/**
 * Answers of scripts that only read, from machines of a world that no one else changes: one is run again when
 * something has changed that it looked at. The files and members of the machine are watched while it runs; a script
 * that looks at the clock or at the cluster is always run.
 */
export class Answers {
  readonly #world: World;
  readonly #machines = new WeakMap<Machine, MachineAnswers>();

  constructor(world: World) {
    this.#world = world;
  }

  /** As {@link runScript}. */
  ask(machine: Machine, script: string): Promise<Printed> {
    let own = this.#machines.get(machine);
    if (!own) this.#machines.set(machine, (own = new MachineAnswers(machine, this.#world)));
    return own.ask(script);
  }
}

class MachineAnswers {
  readonly #machine: Machine;
  readonly #known = new Map<string, Known>();
  readonly #traces = new Set<Trace>();
  readonly #watched: Machine;
  readonly #world: World;

  constructor(machine: Machine, world: World) {
    this.#machine = machine;
    this.#watched = this.#watchMachine();
    this.#world = new Proxy(world, {
      get: (target, name) => {
        if (name !== 'releases' && name !== 'source') this.#isVolatile();
        return Reflect.get(target, name, target);
      },
    });
  }

  async ask(script: string): Promise<Printed> {
    const machine = this.#machine;
    const { clock, fs } = machine;
    const known = machine.audit.faults.length === 0 ? this.#known.get(script) : undefined;
    if (known && this.#isAsItWas(known)) {
      await clock.sleep(known.took);
      return known.printed;
    }
    const trace: Trace = { paths: new Set(), members: new Map(), volatile: false };
    const [revision, began] = [fs.revisions.count, clock.now()];
    this.#traces.add(trace);
    const printed = await runScript(this.#watched, script, { world: this.#world }).finally(() =>
      this.#traces.delete(trace),
    );
    const paths = [...trace.paths];
    const found = { printed, revision, paths, members: trace.members, took: clock.now() - began };
    if (trace.volatile || !this.#isAsItWas(found)) this.#known.delete(script);
    else this.#known.set(script, found);
    return printed;
  }

  #isAsItWas({ revision, paths, members }: Known): boolean {
    const { fs } = this.#machine;
    for (const [member, before] of members) if (this.#state(member) !== before) return false;
    return fs.revisions.count === revision || paths.every((path) => fs.revisions.isSince(path, revision));
  }

  #state(member: Member): string {
    return JSON.stringify(this.#machine[member], plain) ?? '';
  }

  #looksAt(member: Member): void {
    for (const { members } of this.#traces) if (!members.has(member)) members.set(member, this.#state(member));
  }

  #isVolatile(): void {
    for (const trace of this.#traces) trace.volatile = true;
  }

  #watchMachine(): Machine {
    const machine = this.#machine;
    const fs = this.#watchFiles();
    const clock = new Proxy(machine.clock, {
      get: (target, name) => {
        if (name === 'now') this.#isVolatile();
        return bound(target, name);
      },
    });
    const watched: Machine = new Proxy(machine, {
      get: (target, name) => {
        if (name === 'fs') return fs;
        if (name === 'clock') return clock;
        if (typeof name !== 'string' || unseen.has(name)) return Reflect.get(target, name, target);
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value === 'function') {
          const members = name in methods ? methods[name] : undefined;
          if (members) for (const member of members) this.#looksAt(member);
          else this.#isVolatile();
          return name === 'run' ? (spec: RunSpec) => target.run(spec, watched) : bound(target, name);
        }
        if (name === 'attempts') this.#isVolatile();
        else this.#looksAt(name as Member);
        return value;
      },
    });
    return watched;
  }

  #watchFiles(): MachineFiles {
    const { fs } = this.#machine;
    return new Proxy(fs, {
      get: (files, name) => {
        if (name === 'as') return (user: FileUser) => this.#watchCalls(files.as(user));
        return this.#watchCall(files, name);
      },
    });
  }

  #watchCalls(files: IFileSystem): IFileSystem {
    return new Proxy(files, { get: (target, name) => this.#watchCall(target, name) });
  }

  #watchCall(files: IFileSystem, name: string | symbol): unknown {
    const member: unknown = Reflect.get(files, name, files);
    if (typeof member !== 'function' || name === 'resolvePath') return member;
    if (name === 'getAllPaths') this.#isVolatile();
    return (...args: unknown[]): unknown => {
      const [path] = args;
      if (typeof path === 'string') this.#looksAtPath(path);
      return Reflect.apply(member, files, args);
    };
  }

  #looksAtPath(path: string): void {
    if (path.startsWith('/dev/')) return;
    const isLive = !path.startsWith('/') || LIVE.test(path);
    for (const trace of this.#traces) {
      if (isLive) trace.volatile = true;
      else trace.paths.add(path);
    }
  }
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? (...args: unknown[]): unknown => Reflect.apply(value, target, args) : value;
}

/** Maps and sets with what is in them; ids of members of etcd have 64 bits. */
function plain(_name: string, value: unknown): unknown {
  if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)];
  return typeof value === 'bigint' ? String(value) : value;
}
