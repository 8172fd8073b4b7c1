import { durationText } from '../duration.ts';
import type { PlanGate } from '../plan/pace.ts';
import type { Clock } from './clock.ts';
import type { Look } from './gate-http.ts';

export type GateEnd =
  | { readonly kind: 'holds' }
  | { readonly kind: 'stopped' }
  /** `late`: it is too late by now to begin, `failed`: it was not reached in its time. */
  | { readonly kind: 'late' | 'failed'; readonly reason: string };

export interface HoldOptions {
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** For people: `the gate of phase Workers`. */
  readonly called: string;
  /** What begins once it holds, for people. */
  readonly before: string;
  /** Looks once; `rest`: milliseconds that the gate has left. */
  readonly look: (rest: number) => Promise<Look>;
  /** Why it is too late to begin, though it holds. */
  readonly tooLate: () => string | undefined;
  /** @param what equal while the same is waited for */
  readonly show: (what: string, message: string) => void;
}

/** Looks again and again until a gate has held for its time, or its time is over. */
export async function untilHeld(
  gate: Pick<PlanGate, 'for' | 'every' | 'timeout'>,
  { clock, stop, called, before, look: lookOnce, tooLate, show }: HoldOptions,
): Promise<GateEnd> {
  const began = clock.now();
  let since: number | undefined;
  for (;;) {
    if (stop.aborted) return { kind: 'stopped' };
    const look = await lookOnce(gate.timeout - (clock.now() - began));
    if (stop.aborted) return { kind: 'stopped' };
    const now = clock.now();
    since = look.holds ? (since ?? now) : undefined;
    const held = since === undefined ? 0 : now - since;
    if (look.holds && held >= gate.for) return { kind: 'holds' };
    if (now - began >= gate.timeout) return { kind: 'failed', reason: missed(called, gate, look, held) };
    const late = tooLate();
    if (late !== undefined) return { kind: 'late', reason: late };
    if (look.holds) show('holding', `the gate holds; it must hold for ${durationText(gate.for)} before ${before}`);
    else show(look.why, `the gate before ${before} does not hold: ${look.why}`);
    const rest = [gate.every, gate.timeout - (now - began), ...(look.holds ? [gate.for - held] : [])];
    await clock.sleep(Math.max(1, Math.min(...rest)), stop);
  }
}

function missed(called: string, gate: Pick<PlanGate, 'for' | 'timeout'>, look: Look, held: number): string {
  const wanted = gate.for > 0 ? ` for ${durationText(gate.for)}` : '';
  const seen = look.holds ? `it holds since ${durationText(held)}` : look.why;
  return `${called} did not hold${wanted} within ${durationText(gate.timeout)}; seen last: ${seen}`;
}
