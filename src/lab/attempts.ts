import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { MachineFiles } from './machine.ts';
import type { RunSpec } from './shell/run-spec.ts';

/** Bytes of the file of `$RUNBOOK_OUTPUT`; of a longer one, so many and one more are given. */
const MOST_OUTPUTS = 64 * 1024;

export type AttemptEnd =
  | { readonly word: 'exited'; readonly arg: string }
  | { readonly word: 'timed-out' | 'cancelled' | 'interrupted'; readonly arg?: string };

export interface StartRequest {
  readonly root: string;
  readonly run: string;
  readonly id: string;
  readonly epoch: number;
  /** Milliseconds; 0: none. */
  readonly timeout: number;
  readonly onTimeout: 'kill' | 'leave';
  readonly maxOutput: number;
  readonly script: Buffer;
  readonly sha256: string;
  /** By the names of their files. */
  readonly secrets: Readonly<Record<string, Buffer>>;
  readonly uid: number;
}

/** Kept output of one stream, cut at a limit. */
class KeptOutput {
  readonly #chunks: Buffer[] = [];
  readonly #limit: number;
  length = 0;
  /** More came than is kept. */
  cut = false;
  constructor(limit: number) {
    this.#limit = limit > 0 ? limit : Number.POSITIVE_INFINITY;
  }

  append(chunk: Buffer): void {
    const kept = chunk.subarray(0, Math.max(0, this.#limit - this.length));
    if (kept.length < chunk.length) this.cut = true;
    if (kept.length === 0) return;
    this.#chunks.push(kept);
    this.length += kept.length;
  }

  from(offset: number): Buffer {
    return Buffer.concat(this.#chunks).subarray(offset);
  }
}

/** One attempt on one machine. */
export class Attempt {
  readonly run: string;
  readonly id: string;
  readonly pid: number;
  readonly out: KeptOutput;
  readonly err: KeptOutput;
  readonly abort = new AbortController();
  end: AttemptEnd | undefined;
  /** What its script wrote into the file of `$RUNBOOK_OUTPUT`. */
  result: Buffer | undefined;
  #waiting: (() => void)[] = [];

  constructor(request: StartRequest, pid: number) {
    this.run = request.run;
    this.id = request.id;
    this.pid = pid;
    this.out = new KeptOutput(request.maxOutput);
    this.err = new KeptOutput(request.maxOutput);
  }

  get state(): string {
    if (!this.end) return 'running';
    return this.end.arg === undefined ? this.end.word : `${this.end.word} ${this.end.arg}`;
  }

  /** Settles at the next output or at the end. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  notify(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The first end counts. */
  finish(end: AttemptEnd): void {
    this.end ??= end;
    this.notify();
  }
}

/** Ended attempts and seen epochs; none of them changes any more. */
export interface KeptAttempts {
  readonly attempts: readonly (readonly [string, Attempt])[];
  readonly epochs: readonly (readonly [string, number])[];
}

export type ClaimRefusal = { readonly code: 'already-claimed' | 'stale-epoch' | 'damaged'; readonly message: string };

/** The machine that attempts run on. */
interface Host {
  readonly name: string;
  readonly clock: Clock;
  readonly fs: MachineFiles;
  newPid(): number;
  run(spec: RunSpec): Promise<number>;
}

/** The attempts that one machine keeps; they outlive connections and reboots. */
export class AttemptStore {
  readonly #machine: Host;
  readonly #attempts = new Map<string, Attempt>();
  readonly #epochs = new Map<string, number>();

  constructor(machine: Host) {
    this.#machine = machine;
  }

  find(root: string, run: string, id: string): Attempt | undefined {
    return this.#attempts.get(`${root}/${run}/${id}`);
  }

  list(root: string, run: string): Attempt[] {
    const prefix = run === '-' ? `${root}/` : `${root}/${run}/`;
    return [...this.#attempts].filter(([key]) => key.startsWith(prefix)).map(([, attempt]) => attempt);
  }

  /** Takes output away; the end of each attempt stays known. */
  sweep(root: string, run: string): void {
    for (const attempt of this.list(root, run)) {
      if (!attempt.end) continue;
      const swept = new Attempt({ ...emptyRequest, root, run, id: attempt.id }, attempt.pid);
      swept.finish(attempt.end);
      this.#attempts.set(`${root}/${run}/${attempt.id}`, swept);
    }
  }

  start(request: StartRequest): Attempt | ClaimRefusal {
    const refusal = this.#refusal(request);
    if (refusal) return refusal;
    this.#epochs.set(`${request.root}/${request.run}`, request.epoch);
    const attempt = new Attempt(request, this.#machine.newPid());
    this.#attempts.set(`${request.root}/${request.run}/${request.id}`, attempt);
    void this.#execute(attempt, request);
    return attempt;
  }

  /** What a copy of the machine needs to know the same attempts. @throws Error while one runs */
  keep(): KeptAttempts {
    const running = [...this.#attempts.values()].find((attempt) => !attempt.end);
    if (running) throw new Error(`${this.#machine.name}: ${running.run}/${running.id} is running`);
    return { attempts: [...this.#attempts], epochs: [...this.#epochs] };
  }

  restore(kept: KeptAttempts): void {
    for (const [key, attempt] of kept.attempts) this.#attempts.set(key, attempt);
    for (const [key, epoch] of kept.epochs) this.#epochs.set(key, epoch);
  }

  interruptAll(): void {
    for (const attempt of this.#attempts.values()) {
      if (!attempt.end) attempt.finish({ word: 'interrupted', arg: 'rebooted' });
      attempt.abort.abort();
    }
  }

  #refusal(request: StartRequest): ClaimRefusal | undefined {
    if (createHash('sha256').update(request.script).digest('hex') !== request.sha256)
      return { code: 'damaged', message: 'the script did not arrive whole' };
    const seen = this.#epochs.get(`${request.root}/${request.run}`) ?? 0;
    if (request.epoch < seen)
      return { code: 'stale-epoch', message: `epoch ${seen} was seen, this is ${request.epoch}` };
    if (this.find(request.root, request.run, request.id))
      return { code: 'already-claimed', message: `${request.run}/${request.id} exists` };
    return undefined;
  }

  async #execute(attempt: Attempt, request: StartRequest): Promise<void> {
    const machine = this.#machine;
    const ended = new AbortController();
    if (request.timeout > 0 && request.onTimeout === 'kill') {
      machine.clock.sleep(request.timeout, ended.signal).then(
        () => {
          attempt.finish({ word: 'timed-out' });
          attempt.abort.abort();
        },
        () => undefined,
      );
    }
    const hidden = await hide(machine.fs, request);
    // No folder of the run is made for it: there is none to sweep.
    const output = `${request.root}/.output-${request.run}-${request.id}`;
    const own = machine.fs.as({ uid: request.uid, umask: 0o077 });
    await own.mkdir(request.root, { recursive: true });
    await own.writeFile(output, '');
    const code = await machine.run({
      script: request.script.toString('utf8'),
      args: [],
      stdin: '',
      uid: request.uid,
      env: {
        ...loginEnv(request.uid),
        ...(hidden !== undefined && { RUNBOOK_SECRETS: hidden }),
        RUNBOOK_OUTPUT: output,
      },
      cwd: '/',
      signal: attempt.abort.signal,
      out: (chunk) => keep(attempt, attempt.out, chunk),
      err: (chunk) => keep(attempt, attempt.err, chunk),
    });
    ended.abort('ended');
    if (hidden !== undefined) await machine.fs.rm(hidden, { recursive: true, force: true });
    if (!attempt.end) attempt.result = await resultIn(machine.fs, output);
    await machine.fs.rm(output, { recursive: true, force: true });
    attempt.finish({ word: 'exited', arg: String(code) });
  }
}

/** The folder of the secrets, where there are any. */
async function hide(fs: MachineFiles, { secrets, uid }: StartRequest): Promise<string | undefined> {
  if (Object.keys(secrets).length === 0) return undefined;
  const folder = `${uid === 0 ? '/run' : '/dev/shm'}/runbook-${randomUUID()}`;
  const own = fs.as({ uid, umask: 0o077 });
  await own.mkdir(folder, { recursive: true });
  for (const [name, value] of Object.entries(secrets)) await own.writeFile(`${folder}/${name}`, value);
  return folder;
}

/** Undefined where nothing is in it, or the script removed it or made a folder of it. */
async function resultIn(fs: MachineFiles, path: string): Promise<Buffer | undefined> {
  const isFile = (await fs.exists(path)) && (await fs.stat(path)).isFile;
  const bytes = isFile ? Buffer.from(await fs.readFileBuffer(path)) : undefined;
  return bytes === undefined || bytes.length === 0 ? undefined : bytes.subarray(0, MOST_OUTPUTS + 1);
}

function keep(attempt: Attempt, output: KeptOutput, chunk: Buffer): void {
  if (attempt.end) return;
  output.append(chunk);
  attempt.notify();
}

export function loginEnv(uid: number): Record<string, string> {
  const root = uid === 0;
  return {
    HOME: root ? '/root' : '/home/ops',
    USER: root ? 'root' : 'ops',
    LOGNAME: root ? 'root' : 'ops',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  };
}

const emptyRequest: Omit<StartRequest, 'root' | 'run' | 'id'> = {
  epoch: 0,
  timeout: 0,
  onTimeout: 'kill',
  maxOutput: 0,
  script: Buffer.alloc(0),
  sha256: '',
  secrets: {},
  uid: 0,
};
