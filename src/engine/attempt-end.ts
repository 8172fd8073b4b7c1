import type { Facts } from '../facts/facts.ts';
import type { AttemptEnd } from '../journal/record.ts';
import type { PlannedStep } from '../plan/bind.ts';
import type { AttemptState } from '../remote/attempt.ts';
import type { RunContext } from './context.ts';
import { AttemptOutput } from './output.ts';
import { onlySends } from './only-sends.ts';
import type { Outputs } from './outputs.ts';
import { watchOf } from './watch.ts';
import type { Evidence, StepEnd } from './step-end.ts';
import { judgedByFacts, verified } from './verify.ts';

const TAIL_LINES = 12;

/** Where one attempt's output goes, until it is closed. */
export interface Output {
  readonly sink: AttemptOutput;
  readonly file: string;
  /** What it waited for last, for the step's reason. */
  note(): string | undefined;
  /** By name, what held it at its end. */
  holders(): readonly string[];
  /** What belongs to the outcome besides, such as a rule that was overridden. */
  remark(): string | undefined;
  close(): void;
}

/** Opens the log of one attempt; its lines are shown as they come. */
export function openOutput(context: RunContext, step: PlannedStep, attempt: number): Output {
  const log = context.log(step.planned, attempt);
  const watch = watchOf(context, step);
  const sink = new AttemptOutput(log.write, (stream, text) => {
    context.emit({ type: 'step-output', ...step.ref, stream, text });
    watch?.saw(text);
  });
  return {
    sink,
    file: log.file,
    note: () => watch?.note(),
    holders: () => watch?.holders?.() ?? [],
    remark: () => watch?.remark(),
    close: () => {
      watch?.close();
      sink.end();
      log.close();
    },
  };
}

/** What an attempt's end means for the step. `again`: it was proven interrupted or never ran, and may be sent again. */
export async function judgeEnd(
  context: RunContext,
  step: PlannedStep,
  attempt: number,
  state: AttemptState,
  output: Output,
  before: Facts,
): Promise<StepEnd | 'again'> {
  output.sink.end();
  switch (state.kind) {
    case 'running':
      return {
        kind: 'ended',
        outcome: 'unknown',
        reason: `still running after its time limit of ${step.timeout / 1000} s; left running, \`runbook resume\` takes it up again`,
        ...evidence(output),
      };
    case 'absent':
      return failed('the node lost every trace of the attempt while it ran', output);
    case 'never-ran':
      await recordEnd(context, step, attempt, state);
      return 'again';
    case 'interrupted': {
      await recordEnd(context, step, attempt, state);
      const end = await judgeInterrupted(context, step, state);
      return end ? { ...end, ...evidence(output) } : 'again';
    }
    case 'timed-out':
      await recordEnd(context, step, attempt, state);
      return failed(`ended at its time limit of ${step.timeout / 1000} s`, output);
    case 'cancelled':
      await recordEnd(context, step, attempt, state);
      return failed('it was cancelled on the node', output);
    case 'exited': {
      const { outputs } = output.sink;
      const recorded = recordEnd(context, step, attempt, state, outputs);
      // With nothing to look at in between, the step's own end is written along with it.
      if (!onlySends(step)) await recorded;
      if (state.code !== 0)
        return leftOut(step, state.code, output) ?? failed(because(`exited with ${state.code}`, output), output);
      if (outputs && 'problem' in outputs) return failed(outputs.problem, output);
      return noted(await verified(context, step, evidence(output), before), output);
    }
  }
}

/** The action's script says by its exit status that the node is to be left out. */
function leftOut(step: PlannedStep, code: number, output: Output): StepEnd | undefined {
  if (step.action.leavesOutAt?.(step.with) !== code) return undefined;
  const heldBy = output.holders();
  return {
    kind: 'ended',
    outcome: 'skipped',
    reason: because('the node is left out', output),
    leavesOut: true,
    ...(heldBy.length > 0 && { heldBy }),
  };
}

function because(reason: string, output: Output): string {
  const note = output.note();
  return note === undefined ? reason : `${reason}: ${note}`;
}

function noted(end: StepEnd, output: Output): StepEnd {
  const remark = output.remark();
  return end.kind === 'ended' && remark !== undefined ? { ...end, reason: `${end.reason}; ${remark}` } : end;
}

/** An attempt that was cut off by a reboot or a kill: judged by what is there now. Undefined: it may be sent again. */
export async function judgeInterrupted(
  context: RunContext,
  step: PlannedStep,
  state: { readonly kind: string; readonly rebooted?: boolean },
): Promise<(StepEnd & { kind: 'ended' }) | undefined> {
  if (state.rebooted === true && step.action.reboots === true)
    return { kind: 'ended', outcome: 'changed', reason: 'the node was rebooted while it ran' };
  const how = state.rebooted === true ? 'the node rebooted while it ran' : 'its process was killed on the node';
  const verdict = await judgedByFacts(context, step);
  if (verdict?.done === true)
    return { kind: 'ended', outcome: 'changed', reason: `${how}, but it is done: ${verdict.reason}` };
  if (verdict || step.effect !== 'once') return undefined;
  return {
    kind: 'ended',
    outcome: 'unknown',
    reason: `${how}, and it is not known whether it had its effect; look at ${step.node.name}, then answer with \`runbook resume --treat ${step.key}=done\` (or =again)`,
  };
}

/** Puts the end of an attempt on disk: {@link RunState.written}. */
export function recordEnd(
  context: RunContext,
  step: PlannedStep,
  attempt: number,
  state: AttemptEnd,
  outputs?: Outputs,
): Promise<void> {
  const left = leftBy(outputs);
  const { name } = step.node;
  const record = { type: 'attempt-ended', step: step.id, node: name, attempt, state, ...left } as const;
  context.state.writes(name, context.journal.append(record));
  const known = context.progress.get(step.key) ?? { attempts: attempt };
  const last = { host: step.node.name, ...known.last, attempt, ended: state };
  context.progress.set(step.key, { ...known, ...left, last });
  return context.state.written(name);
}

function leftBy(outputs: Outputs | undefined) {
  if (!outputs) return {};
  return 'problem' in outputs ? { outputsProblem: outputs.problem } : { outputs: outputs.outputs };
}

/** A failure with its evidence. */
export function failed(reason: string, output: Output): StepEnd & { kind: 'ended' } {
  return { kind: 'ended', outcome: 'failed', reason, ...evidence(output) };
}

/** The last lines, and where the whole output is. */
export function evidence({ sink, file }: Output): Evidence {
  return { tail: sink.tail().slice(-TAIL_LINES), log: file, recent: sink.recent() };
}
