import { createHash } from 'node:crypto';
import type { Attempt, Machine } from 'runbook-lab';
import {
  AlreadyClaimed,
  type AttemptSpec,
  type AttemptState,
  ClaimRefused,
  type FollowFrom,
  type OutputSink,
  type ProbeResult,
  type RemoteNode,
  StaleEpoch,
} from '../remote/attempt.ts';
import { ConnectFailure, ConnectionLost, type Session } from '../transport/transport.ts';
import type { Ground, Owner } from './ground.ts';

export const ROOT = '/var/lib/runbook';
const never = new Promise<never>(() => undefined);
/** A reason of one's own: without one, an error with its stack is made for each. */
const OVER = 'over';

/**
 * One open link from a controller to a node of the simulated cluster: the node's attempts natively, no bytes in
 * between. It leads nowhere else.
 */
export class Link implements RemoteNode {
  readonly #ground: Ground;
  readonly #machine: Machine;
  readonly #owner: Owner;
  #cut: (error: ConnectionLost) => void = () => undefined;
  readonly #lost: Promise<never>;
  readonly probeEach?: (scripts: readonly string[]) => Promise<readonly ProbeResult[]>;
  #gone: ConnectionLost | undefined;

  /** @throws ConnectFailure while the node is down or cut off */
  static dial(ground: Ground, name: string, owner: Owner): Link {
    const machine = ground.machine(name);
    if (!machine.up || ground.isCutOff(name)) throw new ConnectFailure(name, 'unreachable', `${name} does not answer`);
    return new Link(ground, machine, owner);
  }

  private constructor(ground: Ground, machine: Machine, owner: Owner) {
    this.#ground = ground;
    this.#machine = machine;
    this.#owner = owner;
    this.#lost = new Promise<never>((_resolve, reject) => {
      this.#cut = reject;
    });
    this.#lost.catch(() => undefined);
    machine.connections.add(this);
    const { recall } = ground;
    if (recall)
      this.probeEach = (scripts) =>
        this.#call(async () => {
          const printed: ProbeResult[] = [];
          for (const script of scripts) printed.push(await recall(machine, script));
          return printed;
        });
  }

  get session(): Session {
    return {
      target: this.#machine.alias,
      open: () => Promise.reject(new Error('not used')),
      exec: () => Promise.reject(new Error('not used')),
      closed: never,
      close: () => this.close(),
    };
  }

  /** The connection breaks: whoever waits on it gets an error, what runs on the node continues. */
  kill(): void {
    this.#machine.connections.delete(this);
    this.#gone ??= new ConnectionLost(this.#machine.alias, 'the connection broke');
    this.#cut(this.#gone);
  }

  start(spec: AttemptSpec, sink: OutputSink): Promise<AttemptState> {
    return this.#call(async () => {
      const delay = this.#ground.sending(this.#machine.alias, spec.id);
      if (delay !== undefined) {
        // On its way while its sender is cut off or dead; the node gets it all the same, later.
        this.#ground.time.after(delay, () => this.#claimLate(spec));
        return await never;
      }
      const attempt = this.#claim(spec);
      return this.#stream(attempt, { stdout: 0, stderr: 0 }, sink, spec.onTimeout === 'leave' ? spec.timeout : 0);
    });
  }

  follow(run: string, id: string, from: FollowFrom, sink: OutputSink, timeout = 0): Promise<AttemptState> {
    return this.#call(async () => {
      const attempt = this.#machine.attempts.find(ROOT, run, id);
      return attempt ? this.#stream(attempt, from, sink, timeout) : { kind: 'absent' };
    });
  }

  status(run: string, id: string): Promise<AttemptState> {
    return this.#call(async () => stateOf(this.#machine.attempts.find(ROOT, run, id)));
  }

  cancel(): Promise<AttemptState> {
    return Promise.reject(new Error('the engine cancels nothing'));
  }

  list(): Promise<readonly { run: string; id: string; state: AttemptState }[]> {
    return this.#call(async () =>
      this.#machine.attempts
        .list(ROOT, '-')
        .map((attempt) => ({ run: attempt.run, id: attempt.id, state: stateOf(attempt) })),
    );
  }

  sweep(run: string): Promise<void> {
    return this.#call(async () => this.#machine.attempts.sweep(ROOT, run));
  }

  probe(script: string, options: { readonly timeout?: number } = {}): Promise<ProbeResult> {
    return this.#call(async () => {
      const over = new AbortController();
      const limit = options.timeout ?? 0;
      const late = limit > 0 ? this.#ground.time.sleep(limit, over.signal) : never;
      late.catch(() => undefined);
      try {
        const ran = this.#ground.probe(this.#machine, script);
        return await Promise.race([
          ran,
          late.then(() => {
            throw new ConnectionLost(this.#machine.alias, 'its time limit is over');
          }),
        ]);
      } finally {
        over.abort(OVER);
      }
    });
  }

  async close(): Promise<void> {
    if (!this.#owner.dead) this.kill();
  }

  #claim(spec: AttemptSpec): Attempt {
    const script = Buffer.from(spec.script);
    const sha256 = createHash('sha256').update(script).digest('hex');
    const { run, id, epoch, timeout, onTimeout, maxOutput } = spec;
    const entries = Object.entries(spec.secrets ?? {}).map(([name, value]) => [name, Buffer.from(value)] as const);
    const secrets = Object.fromEntries(entries);
    const request = { root: ROOT, run, id, epoch, timeout, onTimeout, maxOutput, script, sha256, secrets, uid: 0 };
    const attempt = this.#ground.claim(this.#machine, request);
    if (!('code' in attempt)) return attempt;
    if (attempt.code === 'already-claimed') throw new AlreadyClaimed(attempt.message);
    if (attempt.code === 'stale-epoch') throw new StaleEpoch(attempt.message);
    throw new ClaimRefused(attempt.message);
  }

  #claimLate(spec: AttemptSpec): void {
    if (!this.#machine.up) return;
    try {
      this.#claim(spec);
    } catch {
      // Refused, and its sender is gone.
    }
  }

  async #stream(attempt: Attempt, from: FollowFrom, sink: OutputSink, limit: number): Promise<AttemptState> {
    const over = new AbortController();
    let late = false;
    const timer = limit > 0 ? this.#ground.time.sleep(limit, over.signal) : never;
    const timedOut = timer.then(
      () => void (late = true),
      () => undefined,
    );
    const sent = { ...from };
    try {
      for (;;) {
        const next = attempt.changed();
        const ended = attempt.end !== undefined || late;
        if (this.#gone || this.#owner.dead) return await never;
        for (const stream of ['stdout', 'stderr'] as const) {
          const chunk = attempt[stream === 'stdout' ? 'out' : 'err'].from(sent[stream]);
          if (chunk.length === 0) continue;
          sent[stream] += chunk.length;
          sink[stream](chunk);
        }
        if (ended && attempt.end && attempt.result) sink.result?.(attempt.result);
        if (ended) return stateOf(attempt);
        await Promise.race([next, timedOut]);
      }
    } finally {
      over.abort(OVER);
    }
  }

  /** A dead controller's request does nothing; its answers, and those of a broken link, are dropped. */
  #call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#owner.dead) return never;
    if (this.#gone) return Promise.reject(this.#gone);
    return new Promise<T>((resolve, reject) => {
      const told = Promise.race([work(), this.#lost]);
      told.then(
        (value) => this.#owner.dead || resolve(value),
        (error: unknown) => this.#owner.dead || reject(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }
}

function stateOf(attempt: Attempt | undefined): AttemptState {
  if (!attempt) return { kind: 'absent' };
  const { end } = attempt;
  if (!end) return { kind: 'running' };
  switch (end.word) {
    case 'exited':
      return { kind: 'exited', code: Number(end.arg) };
    case 'interrupted':
      return { kind: 'interrupted', rebooted: end.arg === 'rebooted' };
    case 'timed-out':
    case 'cancelled':
      return { kind: end.word };
  }
}
