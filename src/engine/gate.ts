import { durationText } from '../duration.ts';
import type { PlanGate } from '../plan/pace.ts';
import type { PlanPhase } from '../plan/plan.ts';
import { LOCAL } from '../plan/hosts.ts';
import { deferred } from '../transport/deferred.ts';
import { withEnv } from './check.ts';
import type { RunContext } from './context.ts';
import { askHttp, type Look, patienceOf } from './gate-http.ts';
import { isTrouble } from './trouble.ts';
import { Waiting } from './waiting.ts';

/** Milliseconds for one look by a command. */
const TIMEOUT = 60_000;

export type GateEnd =
  | { readonly kind: 'holds' }
  | { readonly kind: 'stopped' }
  /** `late`: it is too late by now to begin, `failed`: it was not reached in its time. */
  | { readonly kind: 'late' | 'failed'; readonly reason: string };

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
  const { clock, control } = context;
  const waiting = new Waiting(context, phase.number);
  const began = clock.now();
  let since: number | undefined;
  for (;;) {
    if (control.stop.aborted) return { kind: 'stopped' };
    const look = await lookAt(context, phase, gate, nodes, gate.timeout - (clock.now() - began));
    if (control.stop.aborted) return { kind: 'stopped' };
    const now = clock.now();
    since = look.holds ? (since ?? now) : undefined;
    const held = since === undefined ? 0 : now - since;
    if (look.holds && held >= gate.for) return { kind: 'holds' };
    if (now - began >= gate.timeout) return { kind: 'failed', reason: missed(phase, gate, look, held) };
    const late = tooLate();
    if (late !== undefined) return { kind: 'late', reason: late };
    if (look.holds)
      waiting.show('holding', `the gate holds; it must hold for ${durationText(gate.for)} before ${nodes.join(', ')}`);
    else waiting.show(look.why, `the gate before ${nodes.join(', ')} does not hold: ${look.why}`);
    const rest = [gate.every, gate.timeout - (now - began), ...(look.holds ? [gate.for - held] : [])];
    await clock.sleep(Math.max(1, Math.min(...rest)), control.stop);
  }
}

function missed({ name }: PlanPhase, gate: PlanGate, look: Look, held: number): string {
  const wanted = gate.for > 0 ? ` for ${durationText(gate.for)}` : '';
  const seen = look.holds ? `it holds since ${durationText(held)}` : look.why;
  return `the gate of phase ${name} did not hold${wanted} within ${durationText(gate.timeout)}; seen last: ${seen}`;
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
