import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnownCause } from '../event.ts';
import type { Facts } from '../facts/facts.ts';
import { endText, isClosed, isSettled, type Progress, type StepProgress } from '../journal/progress.ts';
import { lifeOf, LocalLock, type LockHolder } from '../journal/lock.ts';
import { FIRST_FACTS, isUnfinished, type RunStore, type RunSummary } from '../journal/store.ts';
import { stepsOfPhase, stepsOfPlan } from '../plan/all-steps.ts';
import { hostText } from '../plan/hosts.ts';
import type { Plan } from '../plan/plan.ts';
import { stepKey } from '../plan/key.ts';
import type { RunRow } from '../render/run-row.ts';
import type { StepStatus } from '../render/status.ts';
import type { StatusData } from '../render/status-data.ts';
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
export type Life =
  /** No lock of the run is in this state folder. */
  | { readonly kind: 'none'; readonly holder?: undefined }
  | { readonly kind: 'alive' | 'gone' | 'elsewhere'; readonly holder: LockHolder };

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
  if (isClosed(progress)) return 'closed';
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
      const last =
        progress.lastAt === undefined ? '' : `died after ${dateAndClock(progress.lastAt)}, its last record; `;
      lines.push(`${last}${lock === undefined ? 'no process holds its lock' : `its ${lock}, is gone`}`);
    }
  }
  if (progress.state === 'stopped' && progress.lastAt !== undefined) {
    const why = progress.reason === undefined ? '' : `: ${progress.reason}`;
    lines.push(`${progress.paused ? 'paused' : 'stopped'} at ${dateAndClock(progress.lastAt)}${why}`);
  }
  if (isClosed(progress)) lines.push(endText(progress));
  for (const [key, { treated, reason = '' }] of progress.steps)
    if (treated) lines.push(`answered with --treat: ${key}: ${reason}`);
  for (const { host, node, step } of leftRunning(run, life)) {
    lines.push(
      `left running on ${hostText(host)}: ${stepKey(node, step)} (it may have ended since; resume takes its result)`,
    );
  }
  return lines;
}

/** Steps without a known end that no process follows, in the order of the plan. */
export function leftRunning({ plan, progress }: RunSummary, life: Life): StatusData['leftRunning'] {
  if (isFollowed(progress, life) || !isUnfinished(progress)) return [];
  // They are few, of perhaps very many steps.
  const hosts = new Map<string, string>();
  for (const [key, step] of progress.steps)
    if (step.last && !step.last.ended && !isSettled(step)) hosts.set(key, step.last.host);
  if (hosts.size === 0) return [];
  return stepsOfPlan(plan).flatMap(({ node, id }) => {
    const host = hosts.get(stepKey(node, id));
    return host === undefined ? [] : [{ host, node, step: id }];
  });
}

/** A process works on it, or may: one of another machine cannot be seen. */
function isFollowed({ state }: Progress, { kind }: Life): boolean {
  return state === 'running' && (kind === 'alive' || kind === 'elsewhere');
}

type KnownByStep = ReadonlyMap<string, readonly KnownCause[]>;

/** `known`: by `node/step`, what its output is recognised by. */
export function outcomesOf(
  { progress }: RunSummary,
  life: Life,
  known: KnownByStep = new Map(),
): Map<string, StepStatus> {
  const followed = isFollowed(progress, life);
  const outcomes = new Map<string, StepStatus>();
  for (const [key, step] of progress.steps) {
    const { attempts: attempt, outcome, pass, continued } = step;
    const reason = step.reason ?? (pass === undefined ? '' : `again, in pass ${pass} of its node`);
    const is = outcome === undefined ? { ...underWay(step, followed), attempt, reason } : { outcome, attempt, reason };
    const causes = known.get(key);
    outcomes.set(key, { ...is, ...(continued && { continued }), ...(causes && { known: causes }) });
  }
  return outcomes;
}

/**
 * What a script that has ended set off may go on (a reboot): until it is judged, its step is under way. One that never
 * ran set nothing off.
 */
function underWay({ last }: StepProgress, followed: boolean): Pick<StepStatus, 'outcome' | 'host'> {
  if (!last) return { outcome: 'pending' };
  if (followed) return { outcome: 'running' };
  const neverRan = last.ended?.kind === 'never-ran' || last.ended?.kind === 'refused';
  return neverRan ? { outcome: 'pending' } : { outcome: 'left-running', host: last.host };
}

/** The steps of `status --output json`, in the plan's order. */
export function stepRows(run: RunSummary, life: Life, known: KnownByStep = new Map()): StatusData['steps'] {
  const outcomes = outcomesOf(run, life, known);
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

/** The facts that a run kept last; undefined where there are none that can be read. */
export function lastFacts(run: Pick<RunSummary, 'folder'>): Promise<Facts | undefined> {
  return factsIn(factsFile(run));
}

/** The facts that its plan was made from, likewise. */
export function firstFacts({ folder }: Pick<RunSummary, 'folder'>): Promise<Facts | undefined> {
  return factsIn(join(folder.path, FIRST_FACTS));
}

async function factsIn(file: string): Promise<Facts | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseFacts(text);
}

function factsFile({ folder }: Pick<RunSummary, 'folder'>): string {
  return join(folder.path, 'facts.json');
}

/** What the run kept of its facts (facts.json), after its last step at the latest. */
export async function lastRead(run: RunSummary): Promise<LastRead> {
  const file = factsFile(run);
  const facts = await lastFacts(run);
  if (!facts) return { versions: new Map(), cordoned: [] };
  return { at: (await stat(file)).mtime.toISOString(), ...readOf(facts, run.plan) };
}

export function readOf(facts: Facts, plan: Pick<Plan, 'nodes'>): Pick<LastRead, 'versions' | 'cordoned'> {
  const versions = new Map<string, string>();
  for (const [name, node] of Object.entries(facts.nodes)) {
    const { kubeadm, kubelet } = node.binaries ?? {};
    const parts = [kubeadm && `kubeadm ${kubeadm}`, kubelet && `kubelet ${kubelet}`].filter(Boolean);
    if (parts.length > 0) versions.set(name, parts.join(', '));
  }
  // A runbook that asks for no packages still knows what each Node object reports.
  const objects = new Map(facts.cluster?.nodes?.map((node) => [node.name, node]));
  for (const { name, object = name } of plan.nodes) {
    const known = objects.get(object);
    if (known && !versions.has(name)) versions.set(name, `kubelet ${known.kubeletVersion}`);
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
