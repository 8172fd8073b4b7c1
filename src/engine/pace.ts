import { durationText, roughly } from '../duration.ts';
import { type BoundPhase, stepsOnNode } from '../plan/bind.ts';
import { windowText } from '../plan/pace.ts';
import { localZone, momentText } from '../time-zone.ts';
import type { RunContext } from './context.ts';
import { awaitGate } from './gate.ts';
import { hasOpenSteps, longestOf } from './time-needed.ts';
import { Waiting } from './waiting.ts';
import { type Opening, openingAt } from './window.ts';

/** Whether nodes of a batch may begin. */
export type Turn = Held | (Begin & { /** No other nodes of the phase follow. */ readonly isLast: boolean });

interface Begin {
  readonly kind: 'go';
  readonly nodes: readonly string[];
}

interface Held {
  readonly kind: 'paused' | 'failed' | 'stopped';
  readonly reason: string;
}

/**
 * Decides when the next nodes may begin: a phase's pause and gate, the runbook's window and the operator's bounds. A
 * node that has begun is never held up.
 */
export class Pace {
  readonly #context: RunContext;
  /** Nodes on which this process did something. */
  readonly #worked = new Set<string>();

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** The nodes of a phase in the order of work, as soon as they may begin; the first that may not is the last turn. */
  async *turns(bound: BoundPhase, failed: ReadonlySet<string>): AsyncGenerator<Turn> {
    const { batches } = bound.phase;
    for (const [index, batch] of batches.entries()) {
      for (let rest = batch.filter((node) => !failed.has(node)); rest.length > 0;) {
        const turn = await this.#turn(bound, rest);
        if (turn.kind !== 'go') return yield turn;
        const { nodes } = turn;
        rest = rest.filter((node) => !nodes.includes(node));
        yield { ...turn, isLast: rest.length === 0 && index === batches.length - 1 };
      }
    }
  }

  /** Waits until these nodes, or some of them, may begin. Nodes with nothing left to do may at any time. */
  async #turn(bound: BoundPhase, nodes: readonly string[]): Promise<Held | Begin> {
    const open = nodes.filter((node) => hasOpenSteps(this.#context, bound, node));
    const next = this.#withinAmount(open);
    if (open.length === 0) return { kind: 'go', nodes };
    if (next.length === 0) return { kind: 'paused', reason: this.#amountReached(open) };
    const pause = this.#pauseLeft(bound, next);
    const late = this.#tooLate(bound, next, pause);
    if (late !== undefined) return { kind: 'paused', reason: late };
    return (
      (await this.#pause(bound, next, pause)) ??
      (await this.#gate(bound, next)) ?? {
        kind: 'go',
        nodes: nodes.filter((node) => !open.includes(node) || next.includes(node)),
      }
    );
  }

  /** Remembers which of these nodes something is done on while `work` is under way. */
  async watch<T>(bound: BoundPhase, nodes: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = nodes.map((node) => this.#trace(bound, node));
    try {
      return await work();
    } finally {
      for (const [index, node] of nodes.entries()) {
        if (this.#trace(bound, node) !== before[index]) this.#worked.add(node);
      }
    }
  }

  /** What changes when an attempt is made on a node, or the result of one is taken. */
  #trace(bound: BoundPhase, node: string): string {
    const known = stepsOnNode(bound, node).map(({ key }) => this.#context.progress.get(key));
    return known.map((step) => `${step?.attempts ?? 0}${step?.outcome === 'changed' ? '+' : ''}`).join(' ');
  }

  #withinAmount(open: readonly string[]): readonly string[] {
    const { maxNodes = Number.POSITIVE_INFINITY } = this.#context.bounds ?? {};
    let room = Math.max(0, maxNodes - this.#worked.size);
    return open.filter((node) => this.#worked.has(node) || room-- > 0);
  }

  #amountReached(open: readonly string[]): string {
    const amount = this.#worked.size;
    return `${amount} ${amount === 1 ? 'node was' : 'nodes were'} worked on (--max-nodes); next: ${open.join(', ')}`;
  }

  /** Milliseconds until the pause after the last change on other nodes of the phase is over. */
  #pauseLeft({ phase, steps }: BoundPhase, next: readonly string[]): number {
    if (phase.pause === undefined) return 0;
    const { clock, progress } = this.#context;
    const ends = steps.flatMap(({ key, node }) => {
      const { outcome, endedAt } = progress.get(key) ?? {};
      const counts = (outcome === 'changed' || outcome === 'failed') && !next.includes(node.name);
      return counts && endedAt !== undefined && !Number.isNaN(endedAt) ? [endedAt] : [];
    });
    if (ends.length === 0) return 0;
    return Math.min(phase.pause, Math.max(0, Math.max(...ends) + phase.pause - clock.now()));
  }

  async #pause({ phase }: BoundPhase, next: readonly string[], left: number): Promise<Held | undefined> {
    if (left <= 0) return undefined;
    const { clock, control, links } = this.#context;
    // A record is written some milliseconds after the step has ended.
    const shown = left < 1000 ? left : Math.ceil(left / 1000) * 1000;
    const whole = shown === phase.pause ? '' : ` of ${durationText(phase.pause ?? 0)}`;
    new Waiting(this.#context, phase.number).show(
      'pause',
      `pausing for ${durationText(shown)}${whole} before ${next.join(', ')}`,
    );
    await links.whileChanging(() => clock.sleep(left, control.stop));
    return control.stop.aborted ? stopped : undefined;
  }

  async #gate(bound: BoundPhase, next: readonly string[]): Promise<Held | undefined> {
    const { phase } = bound;
    const tooLate = () => this.#tooLate(bound, next);
    if (!phase.gate) return undefined;
    const { gate } = phase;
    const { links } = this.#context;
    const end = await links.whileChanging(() => awaitGate(this.#context, phase, gate, next, tooLate));
    switch (end.kind) {
      case 'stopped':
        return stopped;
      case 'failed':
        return { kind: 'failed', reason: end.reason };
      case 'late':
        return { kind: 'paused', reason: end.reason };
      case 'holds': {
        const late = tooLate();
        return late === undefined ? undefined : { kind: 'paused', reason: late };
      }
    }
  }

  /** Why these nodes would not be done in time if they began after `wait` more milliseconds; undefined: they would. */
  #tooLate(bound: BoundPhase, next: readonly string[], wait = 0): string | undefined {
    const { bounds, clock, plan } = this.#context;
    const { until } = bounds ?? {};
    if (plan.window === undefined && until === undefined) return undefined;
    const now = clock.now();
    const { needed, by } = longestOf(this.#context, bound, next);
    const says = `${next.join(', ')} would take ${roughly(needed)} (${by})`;
    if (until !== undefined && now + wait + needed > until) {
      const end = `--until ${momentText(until, localZone())}`;
      return now >= until ? `${end} is over` : `${says}${after(wait)}, and ${end} is in ${roughly(until - now)}`;
    }
    if (!plan.window) return undefined;
    const { timezone } = plan.window;
    const opening = openingAt(plan.window, now);
    if (opening.from > now)
      return `the window ${windowText(plan.window)} is closed; it opens on ${momentText(opening.from, timezone)}`;
    if (now + wait + needed <= opening.to) return undefined;
    const again = openingAt(plan.window, opening.to);
    const closes = `the window closes in ${roughly(opening.to - now)} and opens again on ${momentText(again.from, timezone)}`;
    return `${says}${after(wait)}; ${closes}${tooShort(again, needed)}`;
  }
}

const stopped = { kind: 'stopped', reason: 'stopped by the operator' } as const;

function after(wait: number): string {
  return wait > 0 ? ` after a pause of ${durationText(wait)}` : '';
}

/** It would be put off every night. */
function tooShort({ from, to }: Opening, needed: number): string {
  if (needed <= to - from) return '';
  return `, for ${roughly(to - from)} only: too short for it; it can go on with a longer one in the runbook, by a new apply`;
}
