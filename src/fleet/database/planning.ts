import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../failure.ts';
import { makeFolder } from '../../make-folder.ts';
import { parsePlan } from '../../plan/plan.ts';
import { startChild } from '../child.ts';
import { readSaid } from '../plan-clusters.ts';
import type { Inventories } from './inventories.ts';
import { layOut } from './materials.ts';

const partSchema = z.strictObject({ file: z.string(), text: z.string() });

/** What a worker is asked to plan, for a cluster of its site. */
export const planTaskSchema = z.strictObject({
  /** In its inventory. */
  cluster: z.string(),
  runbook: z.strictObject({ file: z.string(), text: z.string(), parts: z.exactOptional(z.array(partSchema)) }),
  /** `key=value`; of an input of type secret only where it is read from. */
  set: z.array(z.string()),
  override: z.array(z.string()),
});

/** What that came to. `digest`: of the plan, which the database has, also where a guard refuses it. */
export const planResultSchema = z.strictObject({
  code: z.number().describe('The exit code of `runbook plan`'),
  digest: z.exactOptional(z.string()),
  from: z.array(z.string()).describe('Releases of its nodes, the oldest first'),
  errors: z.array(z.string()).describe('Why there is no plan'),
});

export type PlanTask = z.infer<typeof planTaskSchema>;
export type PlanResult = z.infer<typeof planResultSchema>;

export interface Planner {
  /** Words before those of a command: Node and the program. */
  readonly program: readonly string[];
  /** Absolute. */
  readonly stateDir: string;
  readonly inventories: Inventories;
  readonly keep: (digest: string, text: string) => Promise<void>;
}

/** Makes the plan of a cluster in a process of its own, and keeps it. What goes wrong is the result. */
export async function planCluster(
  { program, stateDir, inventories, keep }: Planner,
  given: unknown,
): Promise<PlanResult> {
  const plans = join(stateDir, 'fleets', 'plans');
  await makeFolder(plans);
  const folder = await mkdtemp(join(plans, 'plan-'));
  try {
    const task = planTaskSchema.parse(given);
    const inventory = await inventories.find(task.cluster);
    const runbook = await layOut(join(folder, 'runbook'), task.runbook);
    const out = join(folder, 'plan.json');
    const events = join(folder, 'events.jsonl');
    const words = ['plan', runbook.name, '-i', inventory, '-o', out, '--output', 'json', '--state-dir', stateDir];
    const command = [
      ...program,
      ...words,
      ...task.set.flatMap((one) => ['--set', one]),
      ...task.override.flatMap((one) => ['--override', one]),
    ];
    const child = await startChild(command, events, join(folder, 'err'), runbook.folder);
    const { code = 1, problem } = await child.ended;
    const text = await readFile(out, 'utf8').catch(() => undefined);
    const parsed = text === undefined ? undefined : parsePlan(text);
    const said = await readSaid(events);
    const from = [...said.from];
    const errors = problem === undefined ? [...said.errors] : [problem];
    if (text === undefined || !parsed || 'problem' in parsed) return { code: code === 0 ? 1 : code, from, errors };
    await keep(parsed.plan.digest, text);
    return { code, digest: parsed.plan.digest, from, errors };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { code: 2, from: [], errors: [[error.message, ...error.detail].join('; ')] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
