import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '../facts/facts.ts';
import { isSettled } from '../journal/progress.ts';
import { lifeOf, LocalLock, type LockHolder } from '../journal/lock.ts';
import { isUnfinished, type RunStore, type RunSummary } from '../journal/store.ts';
import { stepsOfPhase, stepsOfPlan } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import type { RunRow, StepStatus } from '../render/status.ts';
import { dateAndClock } from '../render/text.ts';

export function rowOf(run: RunSummary, life: Life): RunRow {
  const steps = stepsOfPlan(run.plan);
  return {
    run: run.folder.id,
    runbook: run.plan.runbook.name,
    cluster: run.plan.inventory.cluster,
    state: stateOf(run, life),
    startedAt: run.progress.startedAt ?? run.plan.createdAt,
    done: [...run.progress.steps.values()].filter(isSettled).length,
    steps: steps.length,
    nodes: run.plan.nodes.map((node) => node.name),
  };
}

/** Whether the process of a run lives, as far as this machine can see it. */
export interface Life {
  /** `none`: no lock of the run is in this state folder. */
  readonly kind: 'alive' | 'gone' | 'elsewhere' | 'none';
  readonly holder?: LockHolder;
}

/** Looks at the lock of the run's cluster in this state folder; it asks no node. */
export async function lifeOfRun(store: RunStore, { folder, plan }: RunSummary): Promise<Life> {
  // A damaged lock file belongs to no run that is known; what takes the lock reports it.
  const present = await new LocalLock(store.root, plan.inventory.cluster).look().catch(() => undefined);
  if (present?.holder.run !== folder.id) return { kind: 'none' };
  return { kind: await lifeOf(present.holder), holder: present.holder };
}

/** A stopped run with a failed step is called `failed`, one that is to go on later `paused`, a dead one `died`. */
export function stateOf({ progress }: RunSummary, life: Life): string {
  if (progress.run === undefined) return 'not started';
  if (progress.state === 'running' && (life.kind === 'gone' || life.kind === 'none')) return 'died';
  const outcomes = [...progress.steps.values()].filter((step) => !isSettled(step)).map((step) => step.outcome);
  if (progress.state === 'stopped' && outcomes.includes('unknown')) return 'unknown';
  if (progress.state === 'stopped' && outcomes.includes('failed')) return 'failed';
  return progress.paused ? 'paused' : progress.state;
}

/** What explains the state: who runs it, when it died or stopped and why, what it left running. */
export function aboutOf(run: RunSummary, life: Life): string[] {
  const { progress } = run;
  const lines: string[] = [];
  const { holder } = life;
  const lock =
    holder &&
    `process ${holder.pid} of ${holder.user} on ${holder.host}, lock ${holder.id}, since ${dateAndClock(holder.startedAt)}`;
  if (progress.state === 'running') {
    if (life.kind === 'alive') lines.push(`runs in ${lock}`);
    else if (life.kind === 'elsewhere') lines.push(`held by ${lock}; that process cannot be seen from here`);
    else {
      const last = progress.lastAt === undefined ? '' : `; its last record is of ${dateAndClock(progress.lastAt)}`;
      lines.push(`${lock === undefined ? 'no process holds its lock' : `its ${lock}, is gone`}${last}`);
    }
  }
  if (progress.state === 'stopped' && progress.lastAt !== undefined) {
    const why = progress.reason === undefined ? '' : `: ${progress.reason}`;
    lines.push(`${progress.paused ? 'paused' : 'stopped'} at ${dateAndClock(progress.lastAt)}${why}`);
  }
  if (life.kind !== 'alive' && isUnfinished(progress)) {
    const left = [...progress.steps].filter(([, step]) => step.last && !step.last.ended && step.outcome === undefined);
    for (const [key, { last }] of left) {
      lines.push(
        `left running: ${key} on ${last?.host ?? 'its node'} (it may have ended since; resume takes its result)`,
      );
    }
  }
  return lines;
}

export function outcomesOf({ progress }: RunSummary): Map<string, StepStatus> {
  return new Map(
    [...progress.steps].map(([key, step]) => [
      key,
      {
        // While the run is running, a step whose attempt has ended is being verified, or is waited for.
        outcome:
          step.outcome ?? (step.last && (!step.last.ended || progress.state === 'running') ? 'running' : 'pending'),
        attempt: step.attempts,
        reason: step.reason ?? (step.pass === undefined ? '' : `again, in pass ${step.pass} of its node`),
        ...(step.continued && { continued: step.continued }),
      },
    ]),
  );
}

/** The steps of `status --output json`, in the plan's order. */
export function stepRows(run: RunSummary) {
  const outcomes = outcomesOf(run);
  const pending: StepStatus = { outcome: 'pending', attempt: 0, reason: '' };
  return run.plan.phases.flatMap((phase) =>
    stepsOfPhase(phase).map(({ node, id, title }) => ({
      phase: phase.number,
      node,
      step: id,
      title,
      ...(outcomes.get(stepKey(node, id)) ?? pending),
      ...outputsOf(run, stepKey(node, id)),
    })),
  );
}

function outputsOf({ progress }: RunSummary, key: string) {
  const outputs = progress.steps.get(key)?.outputs;
  return outputs && { outputs };
}

/** What a run read of its nodes last. */
export interface LastRead {
  /** ISO 8601; undefined: nothing was kept. */
  readonly at?: string;
  /** By node, e.g. `kubeadm 1.32.9, kubelet 1.31.9`. */
  readonly versions: ReadonlyMap<string, string>;
  /** By the names of the Node objects. */
  readonly cordoned: readonly string[];
}

/** What the run kept of its facts (facts.json), after its last step at the latest. */
export async function lastRead(run: RunSummary): Promise<LastRead> {
  const file = join(run.folder.path, 'facts.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const facts = text === undefined ? undefined : parseFacts(text);
  if (!facts) return { versions: new Map(), cordoned: [] };
  return { at: (await stat(file)).mtime.toISOString(), ...readOf(facts) };
}

export function readOf(facts: Facts): Pick<LastRead, 'versions' | 'cordoned'> {
  const versions = new Map<string, string>();
  for (const [name, node] of Object.entries(facts.nodes)) {
    const { kubeadm, kubelet } = node.binaries ?? {};
    const parts = [kubeadm && `kubeadm ${kubeadm}`, kubelet && `kubelet ${kubelet}`].filter(Boolean);
    if (parts.length > 0) versions.set(name, parts.join(', '));
  }
  const cordoned = (facts.cluster?.nodes ?? []).filter((node) => node.unschedulable).map((node) => node.name);
  return { versions, cordoned };
}

/** This program wrote it; without it only the versions are missing. */
function parseFacts(text: string): Facts | undefined {
  try {
    const value: Facts = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
