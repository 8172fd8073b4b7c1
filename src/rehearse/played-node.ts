import { attemptId } from '../engine/attempt.ts';
import type { BoundPhase } from '../plan/bind.ts';
import type { Takes } from '../plan/estimate.ts';
import {
  AlreadyClaimed,
  type AttemptSpec,
  type AttemptState,
  type OutputSink,
  type RemoteNode,
} from '../remote/attempt.ts';
import type { SimulatedTime } from './ground.ts';
import { type Assumed, assumedOf } from './stand-ins.ts';

/** How a step is played: what is assumed of it, and how long it takes. Milliseconds. */
interface Played {
  readonly assumed?: Assumed;
  readonly takes: number;
}

interface Pretended {
  readonly endsAt: number;
  readonly assumed: Assumed;
}

/**
 * What the nodes of a twin do with the attempts of a run: those of steps that are not rehearsed end as is assumed, all
 * others run on the twin; each takes as long as its step is expected to, at least.
 */
export class PlayedAttempts {
  readonly #time: SimulatedTime;
  readonly #steps = new Map<string, Played>();
  /** By run and id; they outlive controllers, as attempts on nodes do. */
  readonly #pretended = new Map<string, Pretended>();

  /** @param takes undefined: as long as the twin takes for it */
  constructor(
    time: SimulatedTime,
    phases: readonly BoundPhase[],
    takes: (...step: Parameters<Takes>) => number | undefined,
  ) {
    this.#time = time;
    for (const step of phases.flatMap((phase) => phase.steps)) {
      const assumed = assumedOf(step);
      this.#steps.set(stepIn(attemptId(step, 1)), { ...(assumed && { assumed }), takes: takes(step.planned) ?? 0 });
    }
  }

  /** A node of the twin. */
  on(remote: RemoteNode): RemoteNode {
    const own = this.#assuming();
    const found = (run: string, id: string) => this.#pretended.has(`${run}/${id}`);
    return {
      start: (spec, sink) =>
        this.#steps.get(stepIn(spec.id))?.assumed
          ? own.start(spec, sink)
          : this.#inTime(remote.start(spec, sink), spec),
      follow: (run, id, from, sink, timeout) =>
        found(run, id) ? own.follow(run, id, from, sink, timeout) : remote.follow(run, id, from, sink, timeout),
      status: (run, id) => (found(run, id) ? own.status(run, id) : remote.status(run, id)),
      cancel: (run, id) => remote.cancel(run, id),
      list: (run) => remote.list(run),
      sweep: (run) => remote.sweep(run),
      probe: (script, options) => remote.probe(script, options),
      ...(remote.probeEach && { probeEach: remote.probeEach.bind(remote) }),
      close: () => remote.close(),
    };
  }

  /** The operator's machine: it runs nothing, what would run there is assumed. */
  local(): RemoteNode {
    return this.#assuming();
  }

  #assuming(): RemoteNode {
    const nothing = () => Promise.reject(new Error('a rehearsal runs nothing there'));
    const ended = async (run: string, id: string, sink?: OutputSink): Promise<AttemptState> => {
      const known = this.#pretended.get(`${run}/${id}`);
      if (!known) return { kind: 'absent' };
      const left = known.endsAt - this.#time.now();
      if (left > 0 && !sink) return { kind: 'running' };
      if (left > 0) await this.#time.sleep(left);
      const outputs = Object.entries(known.assumed.outputs);
      if (sink && outputs.length > 0) sink.result?.(Buffer.from(outputs.map(outputLines).join('')));
      return { kind: 'exited', code: known.assumed.exit };
    };
    return {
      start: async ({ run, id }, sink) => {
        const step = this.#steps.get(stepIn(id));
        if (!step?.assumed) return nothing();
        const key = `${run}/${id}`;
        if (this.#pretended.has(key)) throw new AlreadyClaimed(`${key} exists`);
        this.#pretended.set(key, { endsAt: this.#time.now() + step.takes, assumed: step.assumed });
        return ended(run, id, sink);
      },
      follow: (run, id, _from, sink) => ended(run, id, sink),
      status: (run, id) => ended(run, id),
      cancel: nothing,
      list: async () => [],
      sweep: async () => undefined,
      probe: nothing,
      close: async () => undefined,
    };
  }

  /** What the twin does in a moment is reported when it would have been done. */
  async #inTime(attempt: Promise<AttemptState>, { id }: AttemptSpec): Promise<AttemptState> {
    const began = this.#time.now();
    const state = await attempt;
    const left = began + (this.#steps.get(stepIn(id))?.takes ?? 0) - this.#time.now();
    if (left > 0 && state.kind === 'exited' && state.code === 0) await this.#time.sleep(left);
    return state;
  }
}

/** An attempt's id without its number: its step and the node that it is about. */
function stepIn(id: string): string {
  return id.replace(/\.\d+$/, '');
}

/** As a script writes them to `$RUNBOOK_OUTPUT`. */
function outputLines([name, value]: readonly [string, string]): string {
  if (!value.includes('\n')) return `${name}=${value}\n`;
  let end = 'END';
  while (value.split('\n').includes(end)) end += '_';
  return `${name}<<${end}\n${value}\n${end}\n`;
}
