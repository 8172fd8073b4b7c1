import { evaluateTemplate } from '../documents/expressions.ts';
import type { OutcomeCounts } from '../event.ts';
import { messageOf } from '../failure.ts';
import { redactText } from '../redact.ts';
import type { HookValue, PlanHook } from '../plan/hook-schema.ts';
import { LOCAL } from '../plan/hosts.ts';
import { startAttempt } from './attempt.ts';
import { withEnv } from './check.ts';
import { Left, type RunContext } from './context.ts';
import { leavable } from './leavable.ts';
import { AttemptOutput } from './output.ts';
import type { Send } from './send.ts';

/** Bytes kept of each of stdout and stderr. */
const MAX_OUTPUT = 16 * 1024 * 1024;
/** Lines that are shown of a hook that failed. */
const TAIL_LINES = 12;

/** How a run has ended, as its hooks learn it. */
export interface RunEnd {
  readonly outcome: 'done' | 'failed' | 'refused' | 'stopped' | 'paused';
  readonly reason: string;
  /** The step that stopped it, if one did. */
  readonly at?: { readonly node: string; readonly step: string };
  readonly counts: OutcomeCounts;
}

export type HookContext = Pick<
  RunContext,
  'plan' | 'run' | 'epoch' | 'links' | 'journal' | 'clock' | 'emit' | 'control' | 'secret' | 'log'
> & { readonly send: Send };

interface Problem {
  readonly reason: string;
  readonly tail: readonly string[];
}

/**
 * What the runbook does once a run has ended, after that end is in the journal. Each is in the journal before it acts,
 * and so at most once per end: what a controller does not live to do is not done later. Nothing of it changes how the
 * run has ended, and it never rejects.
 */
export async function runHooks(context: HookContext, end: RunEnd): Promise<void> {
  const hooks = (context.plan.hooks ?? []).filter(({ on }) => on === momentOf(end));
  for (const hook of hooks) {
    if (context.control.leave.aborted) {
      context.emit({ type: 'message', level: 'info', text: `left out: ${called(hook)}`, detail: [] });
      continue;
    }
    try {
      await oneHook(context, hook, end);
    } catch (error) {
      warn(context, hook, { reason: messageOf(error), tail: [] });
    }
  }
}

function momentOf({ outcome }: RunEnd): PlanHook['on'] {
  switch (outcome) {
    case 'done':
      return 'success';
    case 'failed':
    case 'refused':
      return 'failure';
    case 'stopped':
    case 'paused':
      return 'stop';
  }
}

async function oneHook(context: HookContext, hook: PlanHook, end: RunEnd): Promise<void> {
  context.emit({ type: 'message', level: 'info', text: called(hook), detail: [] });
  // A controller has one end, so its epoch numbers the attempt.
  await context.journal.append({ type: 'hook-started', hook: hook.id, attempt: context.epoch });
  const problem = await act(context, hook, end);
  await context.journal.append({
    type: 'hook-ended',
    hook: hook.id,
    attempt: context.epoch,
    ...(problem && { problem: problem.reason }),
  });
  if (problem) warn(context, hook, problem);
}

function act(context: HookContext, hook: PlanHook, end: RunEnd): Promise<Problem | undefined> {
  if (hook.notify) return notified(context, hook, hook.notify, end);
  return ran(context, hook, hook.script ?? '', end);
}

async function notified(
  context: HookContext,
  hook: PlanHook,
  { url, headers, body }: NonNullable<PlanHook['notify']>,
  end: RunEnd,
): Promise<Problem | undefined> {
  const known = knownOf(context, end);
  const { cluster: _cluster, counts: _counts, runbook: _runbook, run: id, ...rest } = known;
  const scope = { inputs: context.plan.inputs, env: {}, cluster: { name: '', version: '' }, run: { id, ...rest } };
  const content = body === undefined ? { ok: true as const, value: known } : evaluateTemplate(body, scope);
  if (!content.ok) return { reason: content.error.message, tail: [] };
  const isText = typeof content.value === 'string';
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json';
  const over = new AbortController();
  const done = new AbortController();
  const { leave } = context.control;
  void context.clock.sleep(hook.timeout, AbortSignal.any([done.signal, leave])).then(() => {
    over.abort();
  });
  try {
    const reason = await context.send({
      url: await textOf(context, url),
      headers: {
        'content-type': type,
        'user-agent': 'runbook',
        ...Object.fromEntries(
          await Promise.all(
            Object.entries(headers).map(async ([name, value]) => [name.toLowerCase(), await textOf(context, value)]),
          ),
        ),
      },
      body: redactText(isText ? content.value : JSON.stringify(content.value)),
      signal: over.signal,
    });
    if (reason === undefined) return undefined;
    return { reason: leave.aborted ? 'left by the operator' : reason, tail: [] };
  } finally {
    done.abort();
  }
}

async function textOf({ secret }: HookContext, value: HookValue): Promise<string> {
  if (typeof value === 'string') return value;
  if (!secret) throw new Error(`no one reads the secret of input ${value.secret}`);
  return `${value.before}${(await secret(value.secret)).trimEnd()}${value.after}`;
}

/** The program that runs steps runs it too: it ends it at its time limit, and outlives this process. */
async function ran(context: HookContext, hook: PlanHook, script: string, end: RunEnd): Promise<Problem | undefined> {
  const { outcome, reason, node, step, run } = knownOf(context, end);
  const env = { OUTCOME: outcome, REASON: reason, NODE: node, STEP: step, RUN: run };
  const log = context.log({ node: LOCAL, id: hook.id }, context.epoch);
  const sink = new AttemptOutput(log.write, () => undefined);
  try {
    const spec = {
      run,
      id: `${hook.id}.${LOCAL}.${context.epoch}`,
      script: withEnv(Object.fromEntries(Object.entries(env).map(([name, text]) => [`RUNBOOK_${name}`, text])), script),
      timeout: hook.timeout,
      onTimeout: 'kill',
      epoch: context.epoch,
      maxOutput: MAX_OUTPUT,
    } as const;
    const state = await leavable(
      context,
      startAttempt(context.links, LOCAL, spec, sink, false, async () => undefined),
    );
    sink.end();
    if (state.kind === 'exited' && state.code === 0) return undefined;
    const how =
      state.kind === 'exited'
        ? `exited with ${state.code}`
        : state.kind === 'timed-out'
          ? `ended at its time limit of ${hook.timeout / 1000} s`
          : state.kind;
    return { reason: how, tail: [...sink.tail().slice(-TAIL_LINES), `whole output: ${log.file}`] };
  } catch (error) {
    if (!(error instanceof Left)) throw error;
    return { reason: 'left running on this machine, until its time limit', tail: [] };
  } finally {
    log.close();
  }
}

/** All that a hook learns of the end of its run. */
function knownOf({ plan, run, clock }: HookContext, { outcome, reason, at, counts }: RunEnd) {
  return {
    run,
    runbook: plan.runbook.name,
    cluster: plan.inventory.cluster,
    outcome,
    reason,
    node: at?.node ?? '',
    step: at?.step ?? '',
    counts,
    at: new Date(clock.now()).toISOString(),
  };
}

function called({ on, title }: PlanHook): string {
  return `${KEYS[on]}: ${title}`;
}

const KEYS = { failure: 'onFailure', stop: 'onStop', success: 'onSuccess' } as const;

function warn({ emit }: HookContext, hook: PlanHook, { reason, tail }: Problem): void {
  emit({ type: 'message', level: 'warning', text: `${called(hook)}: ${reason}`, detail: tail });
}
