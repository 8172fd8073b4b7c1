import { sha256 } from '../digest.ts';
import { Failure } from '../failure.ts';
import type { Facts } from '../facts/facts.ts';
import type { StepProgress } from '../journal/progress.ts';
import type { AttemptEnd } from '../journal/record.ts';
import { contextOf, type PlannedStep } from '../plan/bind.ts';
import { LOCAL } from '../plan/hosts.ts';
import { type AttemptSpec, type AttemptState, ClaimRefused, StaleEpoch, StaleLock } from '../remote/attempt.ts';
import { attemptId, startAttempt, takeUpAttempt } from './attempt.ts';
import { evidence, failed, judgeEnd, judgeInterrupted, openOutput, recordEnd } from './attempt-end.ts';
import { hostOf, withEnv } from './check.ts';
import type { RunContext } from './context.ts';
import { whileRebooting } from './reboot-watch.ts';
import { variablesOf } from './outputs.ts';
import { leavable } from './leavable.ts';
import type { Evidence, StepEnd } from './step-end.ts';
import { secretsOf, sendFiles } from './step-files.ts';
import { TransferFailed } from './transfer.ts';
import { verified } from './verify.ts';
import { showStarted } from './started.ts';

/** Bytes kept of each of stdout and stderr on a node: its disk may be etcd's. */
const MAX_OUTPUT = 256 * 1024 * 1024;

/**
 * What became of an attempt that an earlier controller or time limit left without an end in the journal.
 * Undefined: the step is still to be done, from fresh facts on.
 */
export async function takeUpStep(context: RunContext, step: PlannedStep): Promise<StepEnd | undefined> {
  const known = context.progress.get(step.key);
  const last = known?.last;
  if (!known || !last) return undefined;
  if (last.ended) return takeUpEnded(context, step, known, last.ended);
  const output = openOutput(context, step, last.attempt);
  let shown = false;
  try {
    const show = (state: AttemptState) => {
      if (shown || state.kind === 'absent') return;
      shown = true;
      showStarted(context, step, last.attempt, true);
    };
    const id = attemptId(step, last.attempt);
    const limit = step.onTimeout === 'leave' ? step.timeout : 0;
    const state = await leavable(
      context,
      takeUpAttempt(context.links, last.host, context.run, id, output.sink, limit, show),
    );
    // The node does not know it, but its request may still be on its way: to do the step, send this same attempt again.
    if (state.kind === 'absent') return undefined;
    const end = await judgeEnd(context, step, last.attempt, state, output, knownBefore(context, step));
    if (end === 'again') return undefined;
    if (end.kind !== 'ended' || end.outcome !== 'failed') return end;
    return unseenFailure(step, end.reason, evidence(output));
  } finally {
    output.close();
  }
}

/** The attempt's end is in the journal, what it means for the step may not be. */
async function takeUpEnded(
  context: RunContext,
  step: PlannedStep,
  known: StepProgress,
  ended: AttemptEnd,
): Promise<StepEnd | undefined> {
  if (known.treatedAgain === true || known.outcome === 'failed') return undefined;
  const log = { tail: [], log: context.logFile(step.planned, known.attempts) };
  switch (ended.kind) {
    case 'refused':
    case 'never-ran':
      return undefined;
    case 'interrupted':
      return judgeInterrupted(context, step, ended);
    case 'exited':
      if (ended.code === 0 && known.outputsProblem !== undefined) return unseenFailure(step, known.outputsProblem, log);
      if (ended.code === 0) return verified(context, step, log, knownBefore(context, step));
      return unseenFailure(step, `exited with ${ended.code}`, log);
    case 'timed-out':
    case 'cancelled':
      return unseenFailure(step, ended.kind, log);
  }
}

/** Of a script that an earlier controller started: what is known of its node by now is from after it began. */
function knownBefore(context: RunContext, step: PlannedStep): Facts {
  const { cluster, nodes = {} } = context.facts ?? {};
  const others = Object.entries(nodes).filter(([name]) => name !== step.node.name);
  return { nodes: Object.fromEntries(others), ...(cluster && { cluster }) };
}

/** A failure that was never reported: a repeatable step is simply tried again, any other is reported first. */
function unseenFailure(step: PlannedStep, reason: string, log: Evidence): StepEnd | undefined {
  return step.effect === 'repeatable' ? undefined : { kind: 'ended', outcome: 'failed', reason, ...log };
}

/** Records, makes and judges one durable attempt. `again`: it never ran or was cut off, and may be sent again. */
export async function attemptStep(context: RunContext, step: PlannedStep, script: string): Promise<StepEnd | 'again'> {
  const known = context.progress.get(step.key);
  const under = known?.last && !known.last.ended ? known.last : undefined;
  const host = under?.host ?? hostOf(context.observer, step);
  const variables = variablesOf(context, step);
  if (!variables.ok) return { kind: 'ended', outcome: 'failed', reason: variables.error.message };
  const env = variables.value;
  let secrets: Readonly<Record<string, string>>;
  try {
    await sendFiles(context, step, host);
    secrets = await secretsOf(context, step, host);
  } catch (error) {
    if (!(error instanceof TransferFailed)) throw error;
    return { kind: 'ended', outcome: 'failed', reason: error.message, tail: error.detail };
  }
  if (under) return oneAttempt(context, step, script, { ...under, secrets, env });
  const attempt = (known?.attempts ?? 0) + 1;
  const scriptDigest = sha256(specOf(context, step, script, attempt, env).script);
  await context.journal.append({
    type: 'attempt-started',
    step: step.id,
    node: step.node.name,
    attempt,
    host,
    scriptDigest,
  });
  await context.state.written(step.node.name);
  return oneAttempt(context, step, script, { attempt, host, secrets, env }, false);
}

/** `sent`: it may be known to the node, which is asked before anything is sent. */
async function oneAttempt(
  context: RunContext,
  step: PlannedStep,
  script: string,
  {
    attempt,
    host,
    secrets,
    env,
  }: Pick<Required<AttemptSpec>, 'secrets'> & {
    readonly attempt: number;
    readonly host: string;
    readonly env: Readonly<Record<string, string>>;
  },
  sent = true,
): Promise<StepEnd | 'again'> {
  const { lock } = context;
  const spec = {
    ...specOf(context, step, script, attempt, env),
    secrets,
    ...(lock && host !== LOCAL && { lock }),
  };
  context.progress.set(step.key, { attempts: attempt, last: { attempt, host } });
  showStarted(context, step, attempt);
  const before = context.facts ?? { nodes: {} };
  const output = openOutput(context, step, attempt);
  try {
    const beforeClaim = () => context.assertHeld?.() ?? Promise.resolve();
    const start = () => leavable(context, startAttempt(context.links, host, spec, output.sink, sent, beforeClaim));
    const state = await whileRebooting(context, step, host, start);
    return await whileRebooting(context, step, host, () => judgeEnd(context, step, attempt, state, output, before));
  } catch (error) {
    if (error instanceof StaleLock) {
      throw new Failure('locked', `this run no longer holds its lock: ${error.message}`, [
        'The node took no claim, so nothing ran, and nothing new is started.',
        'Check who works on this cluster, then `runbook resume`.',
      ]);
    }
    if (error instanceof ClaimRefused) {
      await recordEnd(context, step, attempt, { kind: 'refused', reason: error.message });
      return failed(`the node took no claim, nothing ran: ${error.message}`, output);
    }
    if (error instanceof StaleEpoch) {
      throw new Failure('locked', `node ${host} has seen a newer controller of this run: ${error.message}`, [
        'Another `runbook resume` took this run over; look there.',
      ]);
    }
    throw error;
  } finally {
    output.close();
  }
}

/** What its script is told of those that held the same step on nodes which were left out of this run. */
function knownHolders({ progress, facts }: RunContext, step: PlannedStep): Readonly<Record<string, string>> {
  const { action } = step;
  if (!action.knownHolders || !facts) return {};
  const holders = new Set<string>();
  for (const { heldBy } of progress.values()) if (heldBy) for (const holder of heldBy) holders.add(holder);
  return holders.size === 0 ? {} : action.knownHolders(contextOf(step, facts), [...holders]);
}

/** The script with the paths of its secrets in its variables. */
function withSecrets({ secrets = {} }: PlannedStep, script: string): string {
  const lines = Object.keys(secrets).map((name) => `export ${name}="$RUNBOOK_SECRETS/${name}"\n`);
  return `${lines.join('')}${script}`;
}

function specOf(
  context: RunContext,
  step: PlannedStep,
  script: string,
  attempt: number,
  env: Readonly<Record<string, string>>,
): AttemptSpec {
  return {
    run: context.run,
    id: attemptId(step, attempt),
    script: withEnv({ RUNBOOK_RUN: context.run, ...env, ...knownHolders(context, step) }, withSecrets(step, script)),
    timeout: step.timeout,
    onTimeout: step.onTimeout,
    epoch: context.epoch,
    maxOutput: MAX_OUTPUT,
  };
}
