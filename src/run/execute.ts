import { setMaxListeners } from 'node:events';
import type { Inventory } from '../documents/model.ts';
import { realClock } from '../engine/clock.ts';
import type { Bounds, Control, RunContext } from '../engine/context.ts';
import { LOCAL } from '../plan/hosts.ts';
import { secretOf } from './secret-sources.ts';
import { runHooks } from '../engine/hooks.ts';
import { prepareFirst } from '../engine/prepare.ts';
import { openLog } from '../engine/output.ts';
import { countOutcomes, runPlan, type RunResult } from '../engine/run.ts';
import { sendByFetch } from '../engine/send.ts';
import { asFailure } from '../engine/trouble.ts';
import type { Facts } from '../facts/facts.ts';
import type { NodeObject } from '../facts/nodes.ts';
import { Failure, messageOf } from '../failure.ts';
import { keepDurations } from '../journal/durations.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalBody } from '../journal/record.ts';
import type { Mirror } from '../journal/mirror.ts';
import { isSettled } from '../journal/progress.ts';
import type { RunStore } from '../journal/store.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { contactedNodes, type Plan } from '../plan/plan.ts';
import { asker } from './approvals.ts';
import type { Connection } from './connect.ts';
import type { Console } from './console.ts';
import { listenForStop } from './control.ts';
import { KeptFacts } from './kept-facts.ts';
import { lookAtNodes } from './last-look.ts';
import type { Held } from './locks.ts';
import type { RunRecord } from './record.ts';
import { runContext } from './run-context.ts';
import { runEnd } from './run-end.ts';

/** Milliseconds to wait for nodes where nothing depends on them. */
const LAST_WORDS = 15_000;

export interface Execution extends Connection {
  readonly plan: Plan;
  readonly inventory: Inventory;
  readonly store: RunStore;
  readonly held: Held;
  readonly record: RunRecord;
  /** Undefined on a resume: read when they are first needed. */
  readonly facts: Facts | undefined;
  /** Of --until and --max-nodes. */
  readonly bounds: Bounds;
  /** Of --approve. */
  readonly approve: readonly string[];
}

/** Runs a plan from where its record ends, shows the summary, and gives the exit code. */
export async function execute(console: Console, execution: Execution): Promise<number> {
  const stop = listenForStop(console);
  const { lost } = execution.held;
  lost?.addEventListener('abort', () => {
    console.emit({
      type: 'stopping',
      reason: `${messageOf(lost.reason)}: the running step continues by itself on its node`,
    });
  });
  const { control } = stop;
  const ended = (signal: AbortSignal): AbortSignal => {
    const either = lost ? AbortSignal.any([signal, lost]) : signal;
    // Each step under way listens to it: as many as there are nodes in a batch are no leak.
    setMaxListeners(0, either);
    return either;
  };
  try {
    return await walk(console, execution, { stop: ended(control.stop), leave: ended(control.leave) });
  } finally {
    stop.dispose();
  }
}

async function walk(console: Console, execution: Execution, control: Control): Promise<number> {
  const { plan, store, held, inventory, record, approve } = execution;
  const { journal, mirror, run, epoch, steps: progress } = record;
  const began = Date.now();
  const kept = new KeptFacts(store, run);
  // Before the run begins: later the program may be replaced.
  const { recognise } = await import('../known/recognise.ts');
  const context: RunContext = runContext({
    inventory,
    links: execution.links,
    observer: execution.observer,
    facts: execution.facts,
    plan,
    run,
    epoch,
    progress,
    control,
    bounds: execution.bounds,
    journal: keepingFacts(mirrored(journal, mirror), kept, () => context.facts),
    assertHeld: () => held.assertHeld(),
    ...(held.fence && { lock: held.fence }),
    secret: (input) => secretOf(plan, input),
    ask: asker(console, approve, held.holder.user),
    recognise,
    clock: realClock,
    emit: console.emit,
    log: (step, attempt) => {
      const file = store.log(run, step.node, step.id, attempt);
      return { file, ...openLog(file) };
    },
    logFile: (step, attempt) => store.log(run, step.node, step.id, attempt),
  });
  const steps = stepsOfPlan(plan);
  console.emit({
    type: 'run-started',
    run,
    runbook: plan.runbook.name,
    cluster: plan.inventory.cluster,
    resumed: record.resumed > 0,
    nodes: plan.nodes.map((node) => node.name),
    steps: steps.length,
    done: [...progress.values()].filter(isSettled).length,
    left: context.time.left,
  });
  let result: RunResult;
  let objects: readonly NodeObject[] | undefined;
  try {
    prepareFirst(context);
    // Without the plan on the nodes, no other machine could take the run over after the first attempt.
    await mirror.flush();
    result = await runPlan(context);
    if (result.outcome !== 'done') held.lost?.throwIfAborted();
    objects = await lookAtNodes(context);
  } catch (error) {
    // Who catches it shows the reason; the counts and the command that continues belong here.
    const reason = messageOf(error);
    const isKept = await isAppended(journal, { type: 'run-stopped', reason });
    await atMost(LAST_WORDS, mirror.flush());
    objects = await lookAtNodes(context);
    if (isKept) await afterEnd(execution, context, { outcome: 'failed', reason, counts: countOutcomes(context) });
    console.emit(runEnd(execution, context, { outcome: 'failed' }, objects, began));
    throw inRun(error);
  } finally {
    if (context.facts) await kept.end(context.facts);
    await keepDurations(store, run, plan, context.progress);
  }
  if (result.outcome === 'done') {
    await journal.append({ type: 'run-finished' });
    await afterEnd(execution, context, result);
    await atMost(LAST_WORDS, clearNodes(execution));
  } else {
    // The journal may be what cannot be written any more; that has been shown.
    const paused = result.outcome === 'paused' ? { paused: true as const } : {};
    const isKept = await isAppended(journal, { type: 'run-stopped', reason: result.reason, ...paused });
    await atMost(LAST_WORDS, mirror.flush());
    if (isKept) await afterEnd(execution, context, result);
  }
  console.emit(runEnd(execution, context, result, objects, began));
  return result.outcome === 'done' && result.leftOut ? exitCode('failed') : exitCode(result.outcome);
}

async function isAppended(journal: Journal, body: JournalBody): Promise<boolean> {
  return journal.append(body).then(
    () => true,
    () => false,
  );
}

/** The hooks of the runbook; whoever lost the lock leaves them to the controller that has it. */
async function afterEnd(
  { held, record: { mirror } }: Execution,
  context: RunContext,
  { outcome, reason, at, counts, leftOut }: RunResult,
): Promise<void> {
  if (!context.plan.hooks || held.lost?.aborted === true) return;
  await runHooks(
    { ...context, send: sendByFetch },
    {
      outcome: outcome === 'done' && leftOut ? 'failed' : outcome,
      reason: outcome === 'done' && leftOut ? `left out: ${leftOut.map(({ node }) => node).join(', ')}` : reason,
      counts,
      ...(at && { at: { node: at.node.name, step: at.id } }),
    },
  );
  await atMost(LAST_WORDS, mirror.flush());
}

/**
 * That no node was changed before is no longer true: a node that cannot be asked now ends the run as a failed step
 * does.
 */
function inRun(error: unknown): unknown {
  const failure = asFailure(error);
  if (failure?.kind !== 'unreachable') return error;
  return new Failure('step-failed', failure.message, failure.detail, { cause: error });
}

/**
 * The journal waits for its copies only before an attempt on this machine, which leaves no other trace on a node, and
 * before a pass, which does again what has an outcome.
 */
function mirrored(journal: Journal, mirror: Mirror): Journal {
  return {
    append: async (body) => {
      await journal.append(body);
      if (
        body.type === 'pass-started' ||
        body.type === 'hook-started' ||
        (body.type === 'attempt-started' && body.host === LOCAL)
      )
        await atMost(LAST_WORDS, mirror.flush());
    },
    close: () => journal.close(),
  };
}

/** After each step the facts are kept, for a `status` while the run goes on and after it was killed. */
function keepingFacts(journal: Journal, kept: KeptFacts, facts: () => Facts | undefined): Journal {
  return {
    append: async (body) => {
      await journal.append(body);
      const now = facts();
      if (body.type === 'step-finished' && now) kept.keep(now);
    },
    close: () => journal.close(),
  };
}

/** Deletes scripts and output on the nodes that answer; one line per attempt stays. */
async function clearNodes({ links, plan, record: { mirror, run } }: Execution): Promise<void> {
  const isLocal =
    stepsOfPlan(plan).some((step) => step.place === 'local') || plan.hooks?.some((hook) => hook.script !== undefined);
  const hosts = [...new Set([...contactedNodes(plan), ...mirror.nodes, ...(isLocal ? [LOCAL] : [])])];
  const swept = hosts.map((host) => links.once(host, (remote) => remote.sweep(run)));
  await Promise.allSettled([mirror.finish(), ...swept]);
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, realClock.sleep(ms, over.signal)]);
  over.abort();
}

function exitCode(outcome: RunResult['outcome']): number {
  switch (outcome) {
    case 'done':
    case 'paused':
      return 0;
    case 'failed':
      return 1;
    case 'refused':
      return 3;
    case 'stopped':
      return 130;
  }
}
