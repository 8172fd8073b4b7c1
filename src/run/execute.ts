import { again } from './again.ts';
import { actions } from '../actions/registry.ts';
import type { Inventory } from '../documents/model.ts';
import { realClock } from '../engine/clock.ts';
import type { Control, RunContext } from '../engine/context.ts';
import { LOCAL } from '../engine/fleet.ts';
import { openLog } from '../engine/output.ts';
import { countOutcomes, runPlan, type RunResult } from '../engine/run.ts';
import type { Facts } from '../facts/facts.ts';
import type { Journal } from '../journal/journal.ts';
import type { HeldLock } from '../journal/lock.ts';
import type { Mirror } from '../journal/mirror.ts';
import { isSettled, type StepProgress } from '../journal/progress.ts';
import type { RunStore } from '../journal/store.ts';
import { settingsOf } from '../plan/judge.ts';
import { contactedNodes, type Plan } from '../plan/plan.ts';
import type { Console } from './console.ts';
import type { Connected } from './connect.ts';

/** Milliseconds for which the nodes are waited for where nothing depends on them. */
const LAST_WORDS = 15_000;

export interface Execution extends Connected {
  readonly plan: Plan;
  readonly run: string;
  readonly epoch: number;
  readonly inventory: Inventory;
  readonly journal: Journal;
  readonly lock: Pick<HeldLock, 'assertHeld'>;
  readonly mirror: Mirror;
  readonly progress: Map<string, StepProgress>;
  readonly store: RunStore;
  /** Undefined on a resume: read when they are first needed. */
  readonly facts: Facts | undefined;
  readonly resumed: boolean;
  readonly control: Control;
  readonly ask: NonNullable<RunContext['ask']>;
}

/** Runs a plan from where its journal stands, tells the summary, and gives the exit code. */
export async function execute(console: Console, execution: Execution): Promise<number> {
  const { plan, run, store, journal } = execution;
  const began = Date.now();
  const context: RunContext = {
    ...execution,
    journal: mirrored(journal, execution.mirror),
    assertHeld: () => execution.lock.assertHeld(),
    setting: { actions, nodes: plan.nodes, settings: settingsOf(execution.inventory), run },
    clock: realClock,
    emit: console.emit,
    log: (step, attempt) => {
      const file = store.log(run, step.node, step.id, attempt);
      return { file, ...openLog(file) };
    },
    logFile: (step, attempt) => store.log(run, step.node, step.id, attempt),
  };
  const steps = plan.phases.flatMap((phase) => phase.steps);
  console.emit({
    type: 'run-started',
    run,
    runbook: plan.runbook.name,
    cluster: plan.inventory.cluster,
    resumed: execution.resumed,
    nodes: plan.nodes.map((node) => node.name),
    steps: steps.length,
    done: [...execution.progress.values()].filter((step) => isSettled(step.outcome)).length,
  });
  let result: RunResult;
  try {
    await execution.mirror.flush();
    result = await runPlan(context);
  } catch (error) {
    // The reason is told by whoever catches it; the counts and the way on belong here.
    const reason = error instanceof Error ? error.message : String(error);
    await journal.append({ type: 'run-stopped', reason }).catch(() => undefined);
    await atMost(LAST_WORDS, execution.mirror.flush());
    tellEnd(console, execution, { outcome: 'failed', counts: countOutcomes(context), reason }, Date.now() - began);
    throw error;
  } finally {
    if (context.facts) await store.saveFacts(run, context.facts).catch(() => undefined);
  }
  if (result.outcome === 'done') {
    await journal.append({ type: 'run-finished' });
    await atMost(LAST_WORDS, clearNodes(execution));
  } else {
    // A journal that cannot be written any more is why it stopped, and has been told.
    await journal.append({ type: 'run-stopped', reason: result.reason }).catch(() => undefined);
    await atMost(LAST_WORDS, execution.mirror.flush());
  }
  tellEnd(console, execution, result, Date.now() - began);
  return result.outcome === 'done' && result.leftOut ? exitCode('failed') : exitCode(result.outcome);
}

/**
 * The journal here never waits for the copies on the nodes, but for what the nodes could not tell by themselves: an attempt on this
 * machine leaves no trace there, nor does the operator's word.
 */
function mirrored(journal: Journal, mirror: Mirror): Journal {
  return {
    append: async (body) => {
      await journal.append(body);
      if (body.type === 'attempt-started' && body.host === LOCAL) await atMost(LAST_WORDS, mirror.flush());
    },
    close: () => journal.close(),
  };
}

/** A run that is done needs its scripts and output no more; one line per attempt stays. A node that is away keeps them. */
async function clearNodes({ fleet, mirror, plan, run }: Execution): Promise<void> {
  await mirror.finish();
  const isLocal = plan.phases.some((phase) => phase.steps.some((step) => step.place === 'local'));
  const hosts = [...new Set([...contactedNodes(plan), ...mirror.nodes, ...(isLocal ? [LOCAL] : [])])];
  await Promise.allSettled(hosts.map((host) => fleet.once(host, (remote) => remote.sweep(run))));
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, realClock.sleep(ms, over.signal)]);
  over.abort();
}

function tellEnd(console: Console, execution: Execution, result: RunResult, duration: number): void {
  console.emit({
    type: 'run-finished',
    run: execution.run,
    // With nodes left out the run has come to its end, but not to its aim: exit 1, as for a failed step.
    outcome: result.outcome === 'done' && result.leftOut ? 'failed' : result.outcome,
    counts: result.counts,
    duration,
    next: nextOf(execution, result),
    ...(result.leftOut ? { leftOut: result.leftOut } : {}),
  });
}

/** A run that left nodes out is over: a new apply takes them up again. */
function nextOf(execution: Execution, { outcome, leftOut }: RunResult): string[] {
  if (outcome !== 'done') return [`runbook resume ${execution.run}`];
  return leftOut ? [again('apply', execution.plan)] : [];
}

function exitCode(outcome: RunResult['outcome']): number {
  switch (outcome) {
    case 'done':
      return 0;
    case 'failed':
      return 1;
    case 'refused':
      return 3;
    case 'stopped':
      return 130;
  }
}
