import type { IFileSystem } from 'just-bash';
import type { RunSpec } from './shell/run-spec.ts';
import type { FileUser, Machine, MachineFiles } from './machine.ts';
import type { World } from './world.ts';

type Member = keyof Machine;

/** A question about one path, and its answer. */
interface FileLook {
  readonly ask: (files: MachineFiles) => Promise<unknown>;
  answer: unknown;
  /** Whether its time counts too: few programs look at it. */
  timed: boolean;
}

/** All that a script looked at while it ran. */
export interface Looks {
  readonly paths: ReadonlySet<string>;
  /** By question. */
  readonly files: ReadonlyMap<string, FileLook>;
  /** Members of the machine, and how they were. */
  readonly members: ReadonlyMap<Member, string>;
  /** It looked at the clock, at other machines or at the cluster: nothing says whether that is as it was. */
  readonly volatile: boolean;
}

interface OpenLooks extends Looks {
  readonly paths: Set<string>;
  readonly files: Map<string, FileLook>;
  readonly members: Map<Member, string>;
  volatile: boolean;
}

/** Methods that only look at what is named here; other methods may look at anything. */
const methods: Readonly<Record<string, readonly Member[]>> = {
  program: ['binaries', 'packages'],
  installed: ['packages'],
  newPid: [],
  run: [],
};
/** What no answer is made of. */
const unseen: ReadonlySet<string> = new Set(['audit', 'running', 'connections']);
/** Of files, what only reads. */
const readings: ReadonlySet<string> = new Set([
  'exists',
  'stat',
  'lstat',
  'readFile',
  'readFileBuffer',
  'readFileBytes',
  'readdir',
  'readdirWithFileTypes',
  'readlink',
  'mapsToNowhere',
  'realpath',
]);
/** Process 1 is as old as the machine. */
const LIVE =
  /^\/proc\/((?!1\/)\d+|self|uptime|loadavg)(\/|$)|^\/proc\/\d+\/cgroup$|^\/proc\/sys\/kernel\/random\/uuid$/;

/** A machine and its world whose members and files are watched while scripts run on them. */
export class WatchedMachine {
  readonly machine: Machine;
  readonly world: World;
  readonly #plain: Machine;
  readonly #open = new Set<OpenLooks>();

  constructor(machine: Machine, world: World) {
    this.#plain = machine;
    this.machine = this.#watchMachine();
    this.world = new Proxy(world, {
      get: (target, name) => {
        if (name !== 'releases' && name !== 'source') this.#isVolatile();
        return Reflect.get(target, name, target);
      },
    });
  }

  /** What is looked at while the work is done. */
  async during<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly looks: Looks }> {
    const looks: OpenLooks = { paths: new Set(), files: new Map(), members: new Map(), volatile: false };
    this.#open.add(looks);
    try {
      return { result: await work(), looks };
    } finally {
      this.#open.delete(looks);
    }
  }

  #looksAt(member: Member): void {
    for (const { members } of this.#open)
      if (!members.has(member)) members.set(member, memberState(this.#plain, member));
  }

  #isVolatile(): void {
    for (const looks of this.#open) looks.volatile = true;
  }

  #watchMachine(): Machine {
    const machine = this.#plain;
    const fs = this.#watchFiles();
    const clock = new Proxy(machine.clock, {
      get: (target, name) => {
        if (name === 'now') this.#isVolatile();
        return bound(target, name);
      },
    });
    const watched: Machine = new Proxy(machine, {
      set: (target, name, value) => Reflect.set(target, name, value, target),
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
    const { fs } = this.#plain;
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
      const answer: unknown = Reflect.apply(member, files, args);
      if (typeof path !== 'string' || path.startsWith('/dev/')) return answer;
      this.#looksAtPath(path);
      return typeof name === 'string' && readings.has(name) ? this.#heard(name, args, answer) : answer;
    };
  }

  #looksAtPath(path: string): void {
    const isLive = !path.startsWith('/') || LIVE.test(path);
    for (const looks of this.#open) {
      if (isLive) looks.volatile = true;
      else looks.paths.add(path);
    }
  }

  async #heard(name: string, args: readonly unknown[], answer: unknown): Promise<unknown> {
    const question = args.length === 1 ? `${name} ${String(args[0])}` : `${name} ${JSON.stringify(args)}`;
    const missing = [...this.#open].filter(({ files }) => !files.has(question));
    if (missing.length === 0) return answer;
    const ask = async (files: MachineFiles): Promise<unknown> =>
      Reflect.apply(Reflect.get(files, name, files) as (...asked: unknown[]) => unknown, files, args);
    const look: FileLook = { ask, answer: undefined, timed: false };
    for (const { files } of missing) files.set(question, look);
    try {
      const heard = await answer;
      look.answer = heard;
      return isStat(heard) ? withTime(heard, look) : heard;
    } catch (error) {
      look.answer = error;
      throw error;
    }
  }
}

/** Whether a machine, of the same world, shows all that was looked at as it was. */
export async function areSame(machine: Machine, { members, files }: Looks): Promise<boolean> {
  if (!areMembersSame(machine, members)) return false;
  for (const { ask, answer, timed } of files.values()) {
    const now = await ask(machine.fs).catch((error: unknown) => error);
    if (!isEqual(answer, now, timed)) return false;
  }
  return true;
}

/** The same of what is no file. */
export function areMembersSame(machine: Machine, members: Looks['members']): boolean {
  for (const [member, state] of members) if (memberState(machine, member) !== state) return false;
  return true;
}

/** A member of a machine as text. */
function memberState(machine: Machine, member: Member): string {
  return JSON.stringify(machine[member], plain) ?? '';
}

interface Stat {
  readonly mode: number;
  readonly size: number;
  readonly mtime: Date;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymbolicLink: boolean;
}

function isStat(value: unknown): value is Stat {
  return typeof value === 'object' && value !== null && 'mtime' in value;
}

/** The same, which tells whether its time was looked at. */
function withTime(stat: Stat, look: FileLook): Stat {
  return {
    ...stat,
    get mtime() {
      look.timed = true;
      return stat.mtime;
    },
  };
}

function isEqual(left: unknown, right: unknown, timed: boolean): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof Error) return right instanceof Error && left.message === right.message;
  if (left instanceof Uint8Array) return right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  if (!isStat(left)) return JSON.stringify(left) === JSON.stringify(right);
  return (
    isStat(right) &&
    left.mode === right.mode &&
    left.size === right.size &&
    left.isFile === right.isFile &&
    left.isDirectory === right.isDirectory &&
    left.isSymbolicLink === right.isSymbolicLink &&
    (!timed || left.mtime.getTime() === right.mtime.getTime())
  );
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
