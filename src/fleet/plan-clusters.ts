import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { FleetClusterEntry } from '../documents/fleet.ts';
import { makeFolder } from '../make-folder.ts';
import { parsePlan } from '../plan/plan.ts';
import { startChild } from './child.ts';
import type { PlannedCluster } from './make-plan.ts';

export interface PlanningOptions {
  /** Words before those of a command: Node and the program. */
  readonly program: readonly string[];
  /** Absolute path of the runbook. */
  readonly runbook: string;
  /** Of `--set`, `--override`: as they are given. */
  readonly options: readonly string[];
  readonly stateDir: string;
  /** `clusters/<name>/` of it gets each plan. */
  readonly folder: string;
  /** Its processes end, and what has no plan then gets none. */
  readonly stop: AbortSignal;
  readonly onPlanned: (planned: PlannedCluster) => void;
}

/** Clusters that are read at the same time: each is a process, which mostly waits for its nodes. */
const AT_A_TIME = Math.max(4, 2 * availableParallelism());

/** Makes the plans of clusters side by side, each in a process of its own, in the order of the fleet. */
export async function planClusters(
  clusters: readonly FleetClusterEntry[],
  options: PlanningOptions,
): Promise<readonly PlannedCluster[]> {
  const planned: PlannedCluster[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < clusters.length; index = next++) {
      const cluster = clusters[index];
      if (!cluster || options.stop.aborted) return;
      const one = await planCluster(cluster, options);
      planned[index] = one;
      options.onPlanned(one);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, clusters.length) }, worker));
  return planned;
}

async function planCluster({ name, site, file }: FleetClusterEntry, options: PlanningOptions): Promise<PlannedCluster> {
  const { program, runbook, options: given, stateDir, folder, stop } = options;
  const own = join(folder, 'clusters', name);
  await makeFolder(own);
  const [plan, events] = [join(own, 'plan.json'), join(own, 'plan.events.jsonl')];
  const words = [
    'plan',
    runbook,
    '-i',
    resolve(file),
    ...given,
    '-o',
    plan,
    '--output',
    'json',
    '--state-dir',
    stateDir,
  ];
  const child = await startChild([...program, ...words], events, join(own, 'plan.err'));
  stop.addEventListener('abort', child.interrupt, { once: true });
  if (stop.aborted) child.interrupt();
  const { code = 1, problem, signal } = await child.ended;
  stop.removeEventListener('abort', child.interrupt);
  const said = await readSaid(events);
  const parsed = parsePlan(await readFile(plan, 'utf8').catch(() => ''));
  const base = { name, site, from: said.from, code };
  if ('plan' in parsed && (code === 0 || code === 3)) {
    const refusals = parsed.plan.findings.flatMap(({ severity, node, summary }) =>
      severity === 'refuse' ? [node === undefined ? summary : `${node}: ${summary}`] : [],
    );
    return { ...base, plan: parsed.plan, refusals };
  }
  const why = problem ?? (signal === undefined ? undefined : `its planning was ended by ${signal}`);
  const errors = why === undefined ? said.errors : [why];
  return { ...base, code: code === 0 ? 1 : code, refusals: errors.length > 0 ? errors : [`exit code ${code}`] };
}

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('planned'), from: z.exactOptional(z.array(z.string())) }),
  z.object({ type: z.literal('message'), level: z.literal('error'), text: z.string() }),
  z.object({
    type: z.literal('diagnostic'),
    diagnostic: z.object({ severity: z.literal('error'), summary: z.string() }),
  }),
]);

/** What planning prints: the releases that it read, and why it made no plan. */
export async function readSaid(
  file: string,
): Promise<{ readonly from: readonly string[]; readonly errors: readonly string[] }> {
  const text = await readFile(file, 'utf8').catch(() => '');
  let from: readonly string[] = [];
  const errors: string[] = [];
  for (const line of text.split('\n')) {
    const { data } = eventSchema.safeParse(parsed(line));
    if (data?.type === 'planned') from = data.from ?? [];
    if (data?.type === 'diagnostic') errors.push(data.diagnostic.summary);
    if (data?.type === 'message') errors.push(data.text);
  }
  return { from, errors };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
