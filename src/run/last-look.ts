import type { RunContext } from '../engine/context.ts';

/** Milliseconds; after a second Ctrl-C the operator wants to be out. */
const LIMIT = 5000;
const LIMIT_WHEN_LEAVING = 1500;

/**
 * Reads which nodes are cordoned once more, for the summary and `status`: a drain that failed may have cordoned its node
 * after the last reading. Where that takes too long, what was read last stays. Only of a run that reads Node objects.
 */
export async function lookAtCordons(context: RunContext): Promise<void> {
  const { facts, observer, clock, control } = context;
  if (!facts?.cluster?.nodes) return;
  const over = new AbortController();
  const limit = clock.sleep(control.leave.aborted ? LIMIT_WHEN_LEAVING : LIMIT, over.signal);
  const fresh = observer.read(facts, [], ['nodes']).catch(() => undefined);
  const read = await Promise.race([fresh, limit.then(() => undefined)]);
  over.abort();
  if (read) context.facts = read;
}
