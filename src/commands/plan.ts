import { writeFile } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import { renderPlan } from '../render/plan.ts';
import type { Plan } from '../plan/plan.ts';
import { type Console, withConsole } from '../run/console.ts';
import { loadDocuments } from '../run/load.ts';
import type { CommonOptions } from '../run/options.ts';
import { hasChanges, prepare, tellFindings } from '../run/prepare.ts';
import { loadSavedPlan, refuseMoved, savedDocuments } from '../run/saved-plan.ts';

export interface PlanOptions extends CommonOptions {
  readonly out?: string;
  readonly detailedExitcode?: boolean;
}

/** The dry run, of a saved plan too: the same documents, connections, facts, plan and guards as `apply`, and nothing after that. */
export function plan(file: string, options: PlanOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const saved = await loadSavedPlan(file, options);
    const documents = saved ? await savedDocuments(console, saved) : await loadDocuments(console, file, options);
    const prepared = await prepare(console, documents, saved?.options ?? options, false);
    await prepared.fleet.close();
    if (saved) refuseMoved(saved, prepared);
    if (options.output === 'json') emitPlan(console, prepared.plan);
    else console.print(renderPlan(prepared.plan, console.look));
    if (options.out !== undefined) await save(options.out, `${JSON.stringify(prepared.plan, null, 1)}\n`);
    tellFindings(console, prepared.plan, options.output === 'json');
    if (options.detailedExitcode !== true) return 0;
    return hasChanges(prepared.plan) ? 6 : 0;
  });
}

function emitPlan(console: Console, plan: Plan): void {
  const steps = plan.phases.flatMap((phase) => phase.steps.map((step) => ({ phase: phase.number, step })));
  for (const { phase, step } of steps) {
    const { id, node, title, commands, predicted } = step;
    console.emit({ type: 'step-planned', phase, step: id, node, title, ...predicted, commands });
  }
  console.emit({
    type: 'planned',
    runbook: plan.runbook.name,
    cluster: plan.inventory.cluster,
    digest: plan.digest,
    nodes: plan.nodes.map((node) => node.name),
    steps: steps.length,
    changes: steps.filter(({ step }) => step.predicted.outcome === 'change').length,
  });
}

async function save(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 }).catch((error: Error) => {
    throw new Failure('usage', `cannot write ${file}: ${error.message}`);
  });
}
