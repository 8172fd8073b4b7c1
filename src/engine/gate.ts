import type { PlanGate } from '../plan/pace.ts';
import type { PlanPhase } from '../plan/plan.ts';
import { LOCAL } from '../plan/hosts.ts';
import { deferred } from '../transport/deferred.ts';
import { withEnv } from './check.ts';
import type { RunContext } from './context.ts';
import { type GateEnd, untilHeld } from './gate-hold.ts';
import { askHttp, type Look, patienceOf } from './gate-http.ts';
import { isTrouble } from './trouble.ts';
import { Waiting } from './waiting.ts';

/** Milliseconds for one look by a command. */
const TIMEOUT = 60_000;

/**
 * Looks until the gate of a phase has held for its time. It only looks, so nothing of it is in the journal, and a
 * resume looks again from the start.
 * @param tooLate why the batch may not begin any more
 */
export async function awaitGate(
  context: RunContext,
  phase: PlanPhase,
  gate: PlanGate,
  nodes: readonly string[],
  tooLate: () => string | undefined,
): Promise<GateEnd> {
  const waiting = new Waiting(context, phase.number);
  return untilHeld(gate, {
    clock: context.clock,
    stop: context.control.stop,
    called: `the gate of phase ${phase.name}`,
    before: nodes.join(', '),
    look: (rest) => lookAt(context, phase, gate, nodes, rest),
    tooLate,
    show: (what, message) => waiting.show(what, message),
  });
}

/** @param rest milliseconds that the gate has left */
function lookAt(
  context: RunContext,
  phase: PlanPhase,
  gate: PlanGate,
  nodes: readonly string[],
  rest: number,
): Promise<Look> {
  const { ask } = gate;
  const { control, plan, secret } = context;
  if (ask.kind === 'run') return untilStopped(control.stop, lookByCommand(context, phase, ask, nodes, rest));
  return askHttp(ask, { inputs: ask.inputs ?? plan.inputs, signal: control.stop, rest, ...(secret && { secret }) });
}

async function lookByCommand(
  { links, observer, run }: RunContext,
  phase: PlanPhase,
  { script, place }: Extract<PlanGate['ask'], { kind: 'run' }>,
  nodes: readonly string[],
  rest: number,
): Promise<Look> {
  const variables = { RUNBOOK_RUN: run, RUNBOOK_PHASE: phase.name, RUNBOOK_NODES: nodes.join(' ') };
  try {
    const host = place === 'local' ? LOCAL : observer.controlPlane();
    const { code, stdout, stderr } = await links.once(host, (remote) =>
      remote.probe(withEnv(variables, script), { timeout: patienceOf(TIMEOUT, rest) }),
    );
    if (code === 0) return { holds: true };
    const line = `${stdout}\n${stderr}`.trim().split('\n').at(-1)?.trim() ?? '';
    return { holds: false, why: `exit ${code}${line === '' ? '' : `: ${line}`}` };
  } catch (error) {
    if (!isTrouble(error)) throw error;
    return { holds: false, why: error.message };
  }
}

/** A look that is under way when the operator stops the run is not waited for: it changes nothing. */
async function untilStopped(stop: AbortSignal, look: Promise<Look>): Promise<Look> {
  const { promise, resolve } = deferred<Look>();
  const onStop = () => {
    resolve({ holds: false, why: 'stopped' });
  };
  stop.addEventListener('abort', onStop, { once: true });
  look.catch(() => undefined);
  try {
    return await Promise.race([look, promise]);
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}
