import type { Fact, Probe } from './fact.ts';

/** How far the node's clock is ahead of the controller's, in seconds: a range, as answers take time. Empty: unknown. */
export interface ClockFact {
  readonly least?: number;
  readonly most?: number;
}

/**
 * The node's clock against the controller's. It is read twice, before and after everything else: in between, the same
 * time passes for both, so the time of the other facts does not widen the range; see {@link clockBetween}.
 */
export const clock: Fact<ClockFact> = {
  command: 'date +%s.%N',
  remedy: 'Try it there by hand.',
  script: () => 'date +%s.%N 2>/dev/null; true',
  // Without the controller's own times nothing is known.
  parse: () => ({}),
};

/** Of one exchange: the node's clock first and last, and the controller's just before and just after, in seconds. */
export interface Exchange {
  readonly first: string;
  readonly last: string;
  readonly sent: number;
  readonly received: number;
}

/** The node answered after the question was sent and before its answer arrived: this limits how far it is off. */
export function clockBetween({ first, last, sent, received }: Exchange): ClockFact {
  const [early, late] = [instant(first), instant(last)];
  if (!early || !late) return {};
  // The controller's times are cut to whole milliseconds: the true ones are up to one later.
  return { least: rounded(late.from - received - 0.001), most: rounded(early.to - sent) };
}

/** Without nanoseconds (busybox prints none, or a literal `%N`) it is some moment of that second. */
function instant(text: string): { readonly from: number; readonly to: number } | undefined {
  const [, seconds, fraction] = /^(\d+)(?:\.(\d{1,9}))?/.exec(text.trim()) ?? [];
  if (seconds === undefined) return undefined;
  const from = Number(seconds);
  if (fraction === undefined) return { from, to: from + 1 };
  const exact = from + Number(`0.${fraction}`);
  return { from: exact, to: exact };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** A probe that notes when its latest script was sent and answered, in seconds. */
export function timed(probe: Probe, now: () => number) {
  const times = { sent: 0, received: 0 };
  const run: Probe = async (script) => {
    times.sent = now() / 1000;
    const result = await probe(script);
    times.received = now() / 1000;
    return result;
  };
  return { run, times };
}
