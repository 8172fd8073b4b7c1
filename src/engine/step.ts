import { isBad } from '../event.ts';
import { isSettled } from '../journal/progress.ts';
import type { PlannedStep } from '../plan/bind.ts';
import { askKubeadm } from './ask-kubeadm.ts';
import { askStep } from './ask.ts';
import { attemptStep, takeUpStep } from './attempts.ts';
import type { RunContext } from './context.ts';
import { decide } from './decide.ts';
import type { StepEnd } from './step-end.ts';
import { waitStep } from './wait.ts';

/** A look at the lock that is older than so many milliseconds is made again before a claim. */
const FRESH = 5000;

/** Attempts in a row that are cut off (a script that reboots its node) before it counts as the script's own doing. */
const MOST_CUT_OFF = 3;
const cutOffAgain = {
  kind: 'ended',
  outcome: 'failed',
  reason: `it was cut off ${MOST_CUT_OFF} times in a row before it came to its end: does it end itself, or reboot its node?`,
} as const satisfies StepEnd;

/**
 * Takes one planned step to its outcome. An attempt of an earlier controller in the journal is taken up first; else
 * fresh facts, when/if, isDone, guards, attempts, and a look at what they did. The outcome is on disk before it shows:
 * who goes on with anything but the node's next step waits until it is written.
 */
export async function executeStep(context: RunContext, step: PlannedStep): Promise<StepEnd> {
  const known = context.progress.get(step.key);
  if (known?.outcome !== undefined && isSettled(known)) {
    return { kind: 'ended', outcome: known.outcome, reason: known.reason ?? '', ...flagsOf(known) };
  }
  const began = context.clock.now();
  const end = continued(step, await withAnswers(context, step, await work(context, step)));
  if (end.kind === 'ended') finish(context, step, end, context.clock.now() - began);
  return end;
}

/** Takes up what an earlier controller has started of a step, and starts nothing. Undefined: it has no outcome yet. */
export async function settleStep(context: RunContext, step: PlannedStep): Promise<StepEnd | undefined> {
  const began = context.clock.now();
  const takenUp = await takeUpStep(context, step);
  const end = takenUp && continued(step, takenUp);
  if (end?.kind === 'ended') finish(context, step, end, context.clock.now() - began);
  return end;
}

/** Only a known failure is passed: what may still run or have had its effect ends the work on the node. */
function continued({ continueOnError }: PlannedStep, end: StepEnd): StepEnd {
  if (continueOnError !== true || end.kind !== 'ended' || end.outcome !== 'failed') return end;
  return { ...end, continued: true };
}

/** What a step's end means for those that follow, as its record has it. */
function flagsOf({ leavesOut, continued: goesOn }: { readonly leavesOut?: true; readonly continued?: true }) {
  return { ...(leavesOut && { leavesOut }), ...(goesOn && { continued: goesOn }) };
}

/** The step has no end in the journal before its kubeadm was asked and no guard refuses: a resume asks again. */
async function withAnswers(context: RunContext, step: PlannedStep, end: StepEnd): Promise<StepEnd> {
  if (end.kind !== 'ended' || (end.outcome !== 'changed' && end.outcome !== 'unchanged')) return end;
  return (await askKubeadm(context, step)) === 'refused' ? { kind: 'refused' } : end;
}

async function work(context: RunContext, step: PlannedStep): Promise<StepEnd> {
  const takenUp = await takeUpStep(context, step);
  if (takenUp) return takenUp;
  for (let failures = 0, cutOff = 0; ;) {
    if (context.control.stop.aborted) return { kind: 'stopped' };
    const begun = await decideAndDo(context, step);
    if (begun === 'again') cutOff += 1;
    if (begun === 'again' && cutOff < MOST_CUT_OFF) continue;
    const end = begun === 'again' ? cutOffAgain : begun;
    failures += 1;
    const retry = end.kind === 'ended' && end.outcome === 'failed' && failures <= step.retries;
    if (!retry || context.control.stop.aborted) return end;
    context.emit({ type: 'step-retry', ...step.ref, attempt: failures + 1, reason: end.reason });
    const pause = step.retryDelay ?? Math.min(1000 * 2 ** (failures - 1), 30_000);
    await context.clock.sleep(pause, context.control.stop);
    if (context.control.stop.aborted) return end;
  }
}

async function decideAndDo(context: RunContext, step: PlannedStep): Promise<StepEnd | 'again'> {
  const look: { at: number; held?: Promise<void> | undefined } = { at: 0 };
  const decision = await decide(context, step, () => {
    look.at = context.clock.now();
    look.held = context.assertHeld?.();
    look.held?.catch(() => undefined);
  });
  switch (decision.kind) {
    case 'skip':
      return { kind: 'ended', outcome: 'skipped', reason: decision.reason };
    case 'done':
      return (await lateAttempt(context, step)) ?? { kind: 'ended', outcome: 'unchanged', reason: decision.reason };
    case 'refused':
      return { kind: 'refused' };
    case 'ask':
      return context.links.whileChanging(() => askStep(context, step, decision.question));
    case 'wait':
      return waitStep(context, step);
    case 'go':
      await (context.clock.now() - look.at > FRESH ? context.assertHeld?.() : look.held);
      return attemptStep(context, step, step.script ?? '');
  }
}

/** A request unknown to the node may have arrived while the facts were read: then it is the cause of what they say. */
async function lateAttempt(context: RunContext, step: PlannedStep): Promise<StepEnd | undefined> {
  const last = context.progress.get(step.key)?.last;
  return last && !last.ended ? takeUpStep(context, step) : undefined;
}

function finish(context: RunContext, step: PlannedStep, end: StepEnd & { kind: 'ended' }, duration: number): void {
  const { outcome, reason } = end;
  const { key, ref } = step;
  const flags = flagsOf(end);
  const held = end.heldBy ? { heldBy: end.heldBy } : {};
  const written = context.journal.append({
    type: 'step-finished',
    step: ref.step,
    node: ref.node,
    outcome,
    reason,
    duration,
    ...flags,
    ...held,
  });
  const known = context.progress.get(key) ?? { attempts: 0 };
  const { outputs } = known;
  context.progress.set(key, { ...known, outcome, reason, duration, endedAt: context.clock.now(), ...flags, ...held });
  context.time.ended(step.planned);
  const { left } = context.time;
  const report = (): void =>
    context.emit({
      type: 'step-finished',
      ...ref,
      outcome,
      reason,
      duration,
      left,
      ...flags,
      ...(outputs && { outputs }),
      ...(end.tail ? { tail: end.tail } : {}),
      ...knownIn(context, end),
      ...(end.log === undefined ? {} : { log: end.log }),
    });
  context.state.writes(ref.node, written.then(report));
}

/** Looked for where something went wrong only: hundreds of patterns over its last lines. */
function knownIn({ recognise }: RunContext, { outcome, recent = [] }: StepEnd & { kind: 'ended' }) {
  const known = isBad(outcome) ? recognise(recent) : [];
  return known.length > 0 ? { known } : {};
}
