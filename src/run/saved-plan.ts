import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inputText } from '../documents/inputs.ts';
import { Failure } from '../failure.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { differences } from '../plan/digest.ts';
import { parsePlan, type Plan } from '../plan/plan.ts';
import { again } from './plan-again.ts';
import { deviations } from './deviations.ts';
import type { CommonOptions } from './options.ts';
import { overrideText } from './overrides.ts';
import { requirePlanDigest } from './plan-digest.ts';

export interface SavedPlan {
  readonly file: string;
  readonly plan: Plan;
  /** The command's options, with those that the plan was made with. */
  readonly options: CommonOptions;
}

/** Undefined where the argument is no saved plan. @throws Failure (document) when it is one that cannot be read */
export async function loadSavedPlan(
  file: string,
  options: CommonOptions,
  planDigest?: string,
): Promise<SavedPlan | undefined> {
  if (!file.endsWith('.json')) return undefined;
  if ((options.set ?? []).length > 0 || (options.override ?? []).length > 0 || options.limit !== undefined) {
    throw new Failure(
      'usage',
      'a saved plan is applied as it is: --set, --limit and --override belong to `runbook plan`',
    );
  }
  const plan = await readSavedPlan(file);
  requirePlanDigest(planDigest, plan, 'document');
  return {
    file,
    plan,
    options: {
      ...options,
      set: Object.entries(plan.inputs).map(([key, value]) => `${key}=${inputText(value)}`),
      inventory: options.inventory ?? plan.inventory.file,
      override: (plan.overrides ?? []).map(overrideText),
      ...(plan.limit === undefined ? {} : { limit: plan.limit }),
    },
  };
}

/** Reads a plan to compare with. @throws Failure (document) where it is none, is damaged, or is of another cluster */
export async function readEarlierPlan(file: string, cluster: string): Promise<Plan> {
  const plan = await readSavedPlan(file);
  if (plan.inventory.cluster === cluster) return plan;
  throw new Failure(
    'document',
    `--against ${file} is a plan of cluster ${plan.inventory.cluster}, this is one of ${cluster}`,
    ['Name a plan of this cluster, or the inventory of the other one (-i).'],
  );
}

/** @throws Failure (document) where the file is no plan, or is damaged */
export async function readSavedPlan(file: string): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Failure('document', `cannot read ${file}: ${error.message}`);
  });
  const parsed = parsePlan(text);
  if ('plan' in parsed) return parsed.plan;
  throw new Failure('document', `${file}: ${parsed.problem}`, ['Make the plan again: runbook plan RUNBOOK -o FILE']);
}

/**
 * A saved plan is refused where the runbook, the inventory or the facts have moved, and where its steps are not those
 * that a fresh plan has. @throws Failure (guard-refused) with what moved, or with both forms of each such step
 */
export function refuseMovedPlan({ plan, file }: SavedPlan, now: Plan): void {
  const moved: string[] = [];
  if (plan.runbook.digest !== now.runbook.digest) moved.push(...editedOf(plan.runbook, now.runbook));
  if (plan.inventory.digest !== now.inventory.digest)
    moved.push(`the inventory ${now.inventory.file} was edited, or is not the one that the plan was made with`);
  if (plan.factsDigest !== now.factsDigest) {
    moved.push('the nodes or the cluster changed (versions, packages, repositories, cordons or membership):');
    moved.push(...differences(outline(plan), outline(now)).map((line) => `  ${line}`));
  }
  const next = `Plan again: ${again('plan', plan)} -o ${file}`;
  if (moved.length > 0)
    throw new Failure('guard-refused', `the plan ${file} is out of date; nothing was changed`, [...moved, next]);
  const other = deviations(plan, now);
  if (other.length === 0) return;
  throw new Failure('guard-refused', `the plan ${file} is not what its runbook comes to now; nothing was changed`, [
    ...other,
    'Someone edited the file, another version of this program made it, or it was made in another folder.',
    next,
  ]);
}

/** The files of a runbook that are not what they were. */
function editedOf(before: Plan['runbook'], now: Plan['runbook']): string[] {
  const texts = new Map((now.parts ?? []).map(({ file, text }) => [file, text]));
  const parts = (before.parts ?? []).filter(({ file, text }) => texts.get(file) !== text);
  const own = before.text !== now.text || parts.length === 0;
  return [
    ...(own ? [`the runbook ${before.file} was edited`] : []),
    ...parts.map(({ file }) => `${join(dirname(before.file), file)}, a part of ${before.file}, was edited`),
  ];
}

/** What a plan states about the nodes and each step, to name what is different now. */
function outline(plan: Plan): unknown {
  return {
    nodes: Object.fromEntries(plan.nodes.map((node) => [node.name, node.before])),
    steps: Object.fromEntries(stepsOfPlan(plan).map((step) => [`${step.node}/${step.id}`, step.predicted.outcome])),
  };
}
