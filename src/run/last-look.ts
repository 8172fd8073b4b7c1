import type { RunContext } from '../engine/context.ts';
import type { NodeObject } from '../facts/nodes.ts';

/** Milliseconds; after a second Ctrl-C the operator wants to be out. */
const LIMIT = 5000;
const LIMIT_WHEN_LEAVING = 1500;

/**
 * Reads the Node objects again, for the summary and `status`: a drain that failed may have cordoned its node after the
 * last reading, and a resume that only followed a step has read nothing. Where that takes too long, what was read last
 * counts. Undefined: nothing is known, or the run has nothing to do with Node objects.
 */
export async function lookAtNodes(context: RunContext): Promise<readonly NodeObject[] | undefined> {
  const { facts, observer, clock, control, phases } = context;
  if (!phases.some(({ steps }) => steps.some(({ action }) => action.facts.includes('nodes')))) return undefined;
  const over = new AbortController();
  const limit = clock.sleep(control.leave.aborted ? LIMIT_WHEN_LEAVING : LIMIT, over.signal);
  const reading = observer.read(facts ?? { nodes: {} }, [], ['nodes']).catch(() => undefined);
  const fresh = await Promise.race([reading, limit.then(() => undefined)]);
  over.abort();
  // Kept for `status` only beside all else that is known: versions are not lost for it.
  if (facts && fresh) context.facts = fresh;
  return (fresh ?? facts)?.cluster?.nodes;
}
