import type { IFileSystem, InMemoryFs } from 'just-bash';
import { cgroupOf, componentPid } from '../components.ts';
import { manifestChanged, throughProc } from '../etcd-process.ts';
import type { FileUser, Machine } from '../machine.ts';
import { Revisions } from './revisions.ts';

/** By path of a special file: who gets what is written to it. */
export type OutputSinks = Map<string, (chunk: Buffer) => void>;

type FileContent = Parameters<InMemoryFs['writeFile']>[1];
type WriteRest = Parameters<InMemoryFs['writeFileSync']> extends [string, FileContent, ...infer Rest] ? Rest : never;
type Entry = Awaited<ReturnType<InMemoryFs['readdirWithFileTypes']>>[number];
type WriteOptions = Parameters<InMemoryFs['writeFile']>[2];

/** Where a user other than root may write. */
const ownPaths = /^\/(home\/ops|tmp|var\/tmp|dev)(\/|$)/;

/** The class of a machine's files: in memory only, with root's files closed to others and a few live files of /proc. */
export function machineFsClass(Base: typeof InMemoryFs) {
  return class MachineFiles extends Base {
    readonly #machine: Machine;
    readonly #sinks: OutputSinks;
    /** While a call begins: whose it is. Undefined: root's, or of the lab itself. */
    #user: FileUser | undefined;
    readonly #stubs = new Set<string>();
    readonly revisions = new Revisions();

    constructor(machine: Machine, sinks: OutputSinks) {
      super({ '/dev/null': '', '/dev/.lab/keep': '' });
      this.#machine = machine;
      this.#sinks = sinks;
    }

    as(user: FileUser): IFileSystem {
      const calls = new Map<unknown, unknown>();
      return new Proxy(this, {
        get: (files, name) => {
          const member: unknown = Reflect.get(files, name, files);
          if (typeof member !== 'function') return member;
          let call = calls.get(member);
          if (call === undefined) {
            call = (...args: unknown[]): unknown => {
              this.#user = user;
              try {
                return Reflect.apply(member, files, args);
              } finally {
                this.#user = undefined;
              }
            };
            calls.set(member, call);
          }
          return call;
        },
      });
    }

    /** Each shell writes a stub for each of its commands, hundreds of them: those of an earlier shell will do. */
    override writeFileSync(path: string, content: FileContent, ...rest: WriteRest): void {
      const isStub = typeof content === 'string' && content.startsWith('#!/bin/bash\n# Built-in command: ');
      if (isStub && this.#stubs.has(path)) return;
      super.writeFileSync(path, content, ...rest);
      // It is called while the files are made, too.
      this.revisions?.changed(path);
      if (isStub) this.#stubs.add(path);
    }

    #real(path: string): string {
      const machine = this.#machine;
      if (!path.startsWith('/proc/')) return path;
      return throughProc(path, componentPid(machine, 'etcd'), machine.etcd.unit !== undefined);
    }

    override async exists(path: string): Promise<boolean> {
      const { known, count } = this.revisions;
      const before = known.isThere(path);
      if (before !== undefined) return before;
      const isThere = await super.exists(this.#real(path));
      if (this.revisions.count === count) known.keepIsThere(path, isThere);
      return isThere;
    }

    override async stat(path: string) {
      return super.stat(this.#real(path));
    }

    override async lstat(path: string) {
      return super.lstat(this.#real(path));
    }

    /** Each listing looks at every path that there is. */
    override async readdirWithFileTypes(path: string): Promise<Entry[]> {
      const { known, count } = this.revisions;
      const before = known.entries(path);
      if (before) return before;
      const entries = await super.readdirWithFileTypes(path);
      if (this.revisions.count === count) known.keepEntries(path, entries);
      return entries;
    }

    override async readFileBuffer(given: string): Promise<Uint8Array> {
      const path = this.#real(given);
      const living = this.#living(path);
      if (living !== undefined) return Buffer.from(living);
      await this.#mayRead(path);
      return super.readFileBuffer(path);
    }

    override async readFileBytes(given: string) {
      const path = this.#real(given);
      await this.#mayRead(path);
      await this.#refresh(path);
      return super.readFileBytes(path);
    }

    override async readFile(given: string, options?: Parameters<InMemoryFs['readFile']>[1]): Promise<string> {
      const path = this.#real(given);
      const living = this.#living(path);
      if (living !== undefined) return living;
      await this.#mayRead(path);
      return super.readFile(path, options);
    }

    /** Whether a file like /etc/hosts maps a host to 0.0.0.0. */
    async mapsToNowhere(path: string, host: string): Promise<boolean> {
      return (await this.readFile(path)).split('\n').some((line) => {
        const [address, ...names] = line.trim().split(/\s+/);
        return address === '0.0.0.0' && names.includes(host);
      });
    }

    override async writeFile(path: string, content: FileContent, options?: WriteOptions): Promise<void> {
      if (this.#toSink(path, content, options)) return;
      this.#mayWrite(path);
      const umask = this.#user?.umask;
      const isNew = umask !== undefined && umask !== 0o022 && !(await super.exists(path));
      await super.writeFile(path, content, options);
      this.revisions.changed(path);
      if (isNew) await super.chmod(path, 0o666 & ~umask);
      manifestChanged(this.#machine, path);
    }

    override async appendFile(path: string, content: FileContent, options?: WriteOptions): Promise<void> {
      if (this.#toSink(path, content, options)) return;
      this.#mayWrite(path);
      await super.appendFile(path, content, options);
      this.revisions.changed(path);
    }

    override async rm(path: string, options?: Parameters<InMemoryFs['rm']>[1]): Promise<void> {
      this.#mayWrite(path);
      await super.rm(path, options);
      this.revisions.treeChanged(path);
      manifestChanged(this.#machine, path);
    }

    override async mkdir(path: string, options?: Parameters<InMemoryFs['mkdir']>[1]): Promise<void> {
      const user = this.#user;
      if (!(options?.recursive && (await super.exists(path)))) this.#mayWrite(path, user);
      await super.mkdir(path, options);
      this.revisions.changed(path);
    }

    override mkdirSync(path: string, options?: Parameters<InMemoryFs['mkdirSync']>[1]): void {
      super.mkdirSync(path, options);
      this.revisions.changed(path);
    }

    override writeFileLazy(...args: Parameters<InMemoryFs['writeFileLazy']>): void {
      super.writeFileLazy(...args);
      this.revisions.changed(args[0]);
    }

    override async symlink(target: string, path: string): Promise<void> {
      await super.symlink(target, path);
      this.#linked(path, target);
    }

    #linked(path: string, target: string): void {
      this.revisions.linked(path, this.resolvePath(path.replace(/[^/]+$/, ''), target));
    }

    override async link(from: string, path: string): Promise<void> {
      await super.link(from, path);
      // One file of two names.
      this.revisions.linked(path, from);
      this.revisions.linked(from, path);
    }

    override async utimes(...args: Parameters<InMemoryFs['utimes']>): Promise<void> {
      await super.utimes(...args);
      this.revisions.changed(args[0]);
    }

    override async cp(from: string, to: string, options?: Parameters<InMemoryFs['cp']>[2]): Promise<void> {
      this.#mayWrite(to);
      await super.cp(this.#real(from), to, options);
      this.revisions.treeChanged(to);
      await this.#mayBeLink(to);
      manifestChanged(this.#machine, to);
    }

    override async mv(from: string, to: string): Promise<void> {
      this.#mayWrite(from);
      this.#mayWrite(to);
      await super.mv(from, to);
      this.revisions.treeChanged(from);
      this.revisions.treeChanged(to);
      await this.#mayBeLink(to);
      manifestChanged(this.#machine, from);
      manifestChanged(this.#machine, to);
    }

    override async chmod(path: string, mode: number): Promise<void> {
      this.#mayWrite(path);
      await super.chmod(path, mode);
      this.revisions.changed(path);
    }

    /** A link is copied or moved as a link; each entry of a folder is copied or moved by itself, too. */
    async #mayBeLink(path: string): Promise<void> {
      const target = await super.readlink(path).catch(() => undefined);
      if (target !== undefined) this.#linked(path, target);
    }

    #toSink(path: string, content: FileContent, options: WriteOptions): boolean {
      if (path === '/dev/null') return true;
      const sink = this.#sinks.get(path);
      if (!sink) return path.startsWith('/dev/.lab/');
      const chunk = toBuffer(content, options);
      if (chunk.length > 0) sink(chunk);
      return true;
    }

    /** Files whose content is made when they are read. */
    #living(path: string): string | undefined {
      if (path === '/proc/uptime') {
        const seconds = (this.#machine.clock.now() - this.#machine.bootedAt) / 1000;
        return `${seconds.toFixed(2)} ${(seconds * 1.9).toFixed(2)}\n`;
      }
      const pid = /^\/proc\/(\d+)\/cgroup$/.exec(path)?.[1];
      if (pid !== undefined) return cgroupOf(this.#machine, Number(pid));
      if (path === '/proc/sys/kernel/random/uuid') return `${crypto.randomUUID()}\n`;
      return undefined;
    }

    async #refresh(path: string): Promise<void> {
      const living = this.#living(path);
      if (living !== undefined) await super.writeFile(path, living);
    }

    async #mayRead(path: string): Promise<void> {
      const uid = this.#user?.uid ?? 0;
      if (uid === 0 || ownPaths.test(path) || !(await super.exists(path))) return;
      for (let folder = path.lastIndexOf('/'); folder > 0; folder = path.lastIndexOf('/', folder - 1)) {
        const stat = await super.stat(path.slice(0, folder));
        if ((stat.mode & 0o001) === 0) throw denied('open', path);
      }
      if (((await super.stat(path)).mode & 0o004) === 0) throw denied('open', path);
    }

    #mayWrite(path: string, user = this.#user): void {
      const uid = user?.uid ?? 0;
      if (uid !== 0 && !ownPaths.test(path)) throw denied('open', path);
    }
  };
}

function denied(call: string, path: string): Error {
  return Object.assign(new Error(`EACCES: permission denied, ${call} '${path}'`), { code: 'EACCES' });
}

function toBuffer(content: FileContent, options: WriteOptions): Buffer {
  if (typeof content !== 'string') return Buffer.from(content);
  const encoding = typeof options === 'string' ? options : options?.encoding;
  return Buffer.from(content, encoding === 'binary' || encoding === 'latin1' ? 'latin1' : 'utf8');
}
