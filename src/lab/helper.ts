import type { Readable, Writable } from 'node:stream';
import { Attempt, loginEnv, type StartRequest } from './attempts.ts';
import { Killed } from './clock.ts';
import { lockOvertaken } from './fence.ts';
import type { Machine } from './machine.ts';
import { Turns } from './turns.ts';

/** Bytes on their way in: exact counts and lines, across chunks. */
class ByteReader {
  readonly #stream: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);
  constructor(stream: Readable) {
    this.#stream = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Undefined when the stream ended before. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#buffer.length < count) if (!(await this.#more())) return undefined;
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  async line(): Promise<string | undefined> {
    let end = this.#buffer.indexOf(0x0a);
    while (end < 0) {
      if (!(await this.#more())) return undefined;
      end = this.#buffer.indexOf(0x0a);
    }
    const line = this.#buffer.subarray(0, end).toString('utf8');
    this.#buffer = this.#buffer.subarray(end + 1);
    return line;
  }

  async #more(): Promise<boolean> {
    const next = await this.#stream.next().catch(() => ({ done: true as const, value: undefined }));
    if (next.done || next.value === undefined) return false;
    this.#buffer = this.#buffer.length === 0 ? next.value : Buffer.concat([this.#buffer, next.value]);
    return true;
  }
}

export interface HelperOptions {
  readonly machine: Machine;
  readonly uid: number;
  /** Bytes of the program that come first and are not run: the lab speaks the protocol itself. */
  readonly programSize: number;
  readonly root: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** What the client set with the session. */
  readonly env: Readonly<Record<string, string>>;
}

interface Output {
  readonly out: number;
  readonly err: number;
}

/** The node's side of docs/attempts.md for one channel, until its stdin ends. */
export async function serveHelper(options: HelperOptions): Promise<void> {
  const reader = new ByteReader(options.stdin);
  if (!(await reader.take(options.programSize))) return;
  await new Helper(options, reader).serve();
}

class Helper {
  readonly #machine: Machine;
  readonly #root: string;
  readonly #uid: number;
  readonly #reader: ByteReader;
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  readonly #env: Readonly<Record<string, string>>;
  readonly #closed = new AbortController();
  readonly #turns: Turns;
  #open = true;

  constructor(options: HelperOptions, reader: ByteReader) {
    this.#machine = options.machine;
    this.#uid = options.uid;
    this.#reader = reader;
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
    this.#turns = new Turns(options.stdout);
    this.#env = options.env;
    const home = options.uid === 0 ? '/root' : '/home/ops';
    this.#root = options.root.startsWith('~/') ? `${home}/${options.root.slice(2)}` : options.root;
    options.stdout.once('close', () => {
      this.#open = false;
      this.#closed.abort();
    });
  }

  async serve(): Promise<void> {
    await this.#say(`hello 1 ${this.#uid} ${this.#machine.bootId}`);
    for (let header = await this.#reader.line(); header !== undefined && this.#open; header = await this.#reader.line())
      if (!(await this.#answer(header.split(' ')))) return;
  }

  /** @returns false when the program ends after this request */
  async #answer(words: readonly string[]): Promise<boolean> {
    const [verb = '', tag = '', run = '', id = '', ...rest] = words;
    switch (verb) {
      case 'start':
        return this.#start(tag, run, id, rest);
      case 'follow': {
        const attempt = this.#machine.attempts.find(this.#root, run, id);
        if (!attempt) return this.#say(`state ${tag} absent`);
        await this.#stream(tag, attempt, { out: Number(rest[0]), err: Number(rest[1]) }, Number(rest[2]) * 1000);
        return true;
      }
      case 'status':
        return this.#say(`state ${tag} ${this.#machine.attempts.find(this.#root, run, id)?.state ?? 'absent'}`);
      case 'cancel':
        return this.#cancel(tag, run, id);
      case 'list':
        for (const attempt of this.#machine.attempts.list(this.#root, run))
          await this.#say(`item ${tag} ${attempt.run} ${attempt.id} ${attempt.state}`);
        return this.#say(`end ${tag}`);
      case 'prepare':
        return this.#say(`end ${tag}`);
      case 'probe':
        return this.#probe(run, rest);
      case 'sweep':
        this.#machine.attempts.sweep(this.#root, run);
        return this.#say(`end ${tag}`);
      default:
        return this.#say(`refused ${tag} io unknown request`);
    }
  }

  /** A read-only script, whose end the client sees by a mark on both streams. */
  async #probe(length: string, [end = '', mark = '']: readonly string[]): Promise<boolean> {
    const payload = await this.#reader.take(Number(length));
    const script = payload?.toString('utf8');
    if (script?.endsWith(`\n# ${end}\n`) !== true) return false;
    const uid = this.#uid;
    const code = await this.#machine.run({
      script,
      args: [],
      stdin: '',
      uid,
      env: { ...loginEnv(uid), ...this.#env },
      cwd: uid === 0 ? '/root' : '/home/ops',
      signal: this.#closed.signal,
      out: (chunk) => void (this.#open && this.#turns.write(this.#stdout, chunk)),
      err: (chunk) => void (this.#open && this.#turns.write(this.#stderr, chunk)),
    });
    if (!this.#open) return false;
    void this.#turns.write(this.#stderr, mark);
    return this.#say(`${mark} ${code}`);
  }

  async #start(tag: string, run: string, id: string, words: readonly string[]): Promise<boolean> {
    const [epoch = '0', timeout = '0', onTimeout = 'kill', maxOutput = '0', length = '0', sha256 = '', , ...held] =
      words;
    const script = await this.#reader.take(Number(length));
    if (!script) return false;
    const secrets = await this.#secrets(Number(held[3] ?? 0));
    if (!secrets) return false;
    const request: StartRequest = {
      root: this.#root,
      run,
      id,
      epoch: Number(epoch),
      timeout: Number(timeout) * 1e3,
      onTimeout: onTimeout === 'leave' ? 'leave' : 'kill',
      maxOutput: Number(maxOutput),
      script,
      sha256,
      secrets,
      uid: this.#uid,
    };
    const overtaken = await lockOvertaken(this.#machine.fs, this.#root, held);
    if (overtaken !== undefined) return this.#say(`refused ${tag} stale-lock ${overtaken}`);
    const attempt = this.#machine.attempts.start(request);
    if (!(attempt instanceof Attempt)) return this.#say(`refused ${tag} ${attempt.code} ${attempt.message}`);
    await this.#say(`claimed ${tag}`);
    await this.#say(`launched ${tag} ${attempt.pid}`);
    return this.#stream(tag, attempt, { out: 0, err: 0 }, request.onTimeout === 'leave' ? request.timeout : 0);
  }

  /** Undefined when the stream ended before. */
  async #secrets(count: number): Promise<Record<string, Buffer> | undefined> {
    const secrets: Record<string, Buffer> = {};
    for (let left = count; left > 0; left--) {
      const line = await this.#reader.line();
      if (line === undefined) return undefined;
      const [name = '', , value = ''] = line.split(' ');
      const bytes = value.replaceAll(/\\0([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
      secrets[name] = Buffer.from(bytes, 'latin1');
    }
    return secrets;
  }

  async #cancel(tag: string, run: string, id: string): Promise<boolean> {
    const attempt = this.#machine.attempts.find(this.#root, run, id);
    if (attempt && !attempt.end) {
      attempt.finish({ word: 'cancelled' });
      attempt.abort.abort();
    }
    return this.#say(`state ${tag} ${attempt?.state ?? 'absent'}`);
  }

  /** Output from an offset on until the attempt ended or the limit (ms, 0: none) is over. @returns whether it ended */
  async #stream(tag: string, attempt: Attempt, from: Output, limit: number): Promise<boolean> {
    let sent = from;
    const ended = new AbortController();
    let late = false;
    const over =
      limit > 0
        ? this.#machine.clock.sleep(limit, ended.signal).then(() => void (late = true), ignoreKilled)
        : undefined;
    try {
      while (this.#open) {
        const next = attempt.changed();
        const done = attempt.end !== undefined || late;
        sent = await this.#sendOutput(tag, attempt, sent);
        if (done) {
          if (attempt.out.cut) await this.#say(`cut ${tag} o`);
          if (attempt.err.cut) await this.#say(`cut ${tag} e`);
          if (attempt.end && attempt.result)
            await this.#write(Buffer.concat([Buffer.from(`r ${tag} 0 ${attempt.result.length}\n`), attempt.result]));
          await this.#say(`state ${tag} ${attempt.state}`);
          return attempt.end !== undefined;
        }
        if (attempt.end === undefined) await Promise.race(over ? [next, over] : [next]);
      }
      return false;
    } finally {
      ended.abort();
    }
  }

  async #sendOutput(tag: string, attempt: Attempt, sent: Output): Promise<Output> {
    const out = attempt.out.from(sent.out);
    const err = attempt.err.from(sent.err);
    if (out.length > 0) await this.#write(Buffer.concat([Buffer.from(`o ${tag} ${sent.out} ${out.length}\n`), out]));
    if (err.length > 0) await this.#write(Buffer.concat([Buffer.from(`e ${tag} ${sent.err} ${err.length}\n`), err]));
    return { out: sent.out + out.length, err: sent.err + err.length };
  }

  async #say(line: string): Promise<true> {
    await this.#write(Buffer.from(`${line}\n`));
    return true;
  }

  /** A reader that stalls holds up this channel only, never the attempt. */
  async #write(data: Buffer): Promise<void> {
    if (this.#open) await this.#turns.write(this.#stdout, data);
  }
}

function ignoreKilled(error: unknown): void {
  if (!(error instanceof Killed)) throw error;
}
