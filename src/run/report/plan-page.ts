import { Failure } from '../../failure.ts';
import type { Plan } from '../../plan/plan.ts';
import type { RunReport } from '../../render/report-data.ts';
import { renderPlanMarkdown } from '../../render/plan-markdown.ts';
import { localZone } from '../../time-zone.ts';
import { applyCommand } from '../plan-again.ts';
import { readSavedPlan } from '../saved-plan.ts';
import { planReport } from './build.ts';
import { requestOf } from './planned.ts';

/** Whether an argument is a saved plan, and no run. */
export function isPlanFile(name: string): boolean {
  return name.endsWith('.json');
}

/**
 * A saved plan as the report of a run that has not begun. Only its file is read, no node is asked.
 * @throws Failure (document) where it is none, or is damaged
 */
export async function readPlanReport(file: string, now: number): Promise<RunReport> {
  return reportOfPlan(await readSavedPlan(file), file, now);
}

/** The same as the Markdown that `plan --format md` prints. @param verbose each node by itself with whole scripts, too */
export async function readPlanMarkdown(file: string, verbose: boolean): Promise<string> {
  const plan = await readSavedPlan(file);
  return renderPlanMarkdown(plan, { from: [], apply: applyCommand(plan, file, undefined), verbose });
}

function reportOfPlan(plan: Plan, file: string, now: number): RunReport {
  const isRefused = plan.findings.some(({ severity }) => severity === 'refuse');
  const request = requestOf(plan, applyCommand(plan, file, undefined));
  const head = { run: '', state: isRefused ? 'refused' : 'planned', about: [], request };
  return planReport({ run: { plan }, now, zone: localZone() }, head);
}

/** A plan has no results. */
export function noResults(file: string): Failure {
  return new Failure('usage', `${file} is a plan: it has no results for --format junit`, [
    'The page of a plan: runbook report plan.json -o plan.html',
  ]);
}
