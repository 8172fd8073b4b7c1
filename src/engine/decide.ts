import type { FactId, Facts } from '../facts/facts.ts';
import type { Finding } from '../guards/guard.ts';
import { askedBeforeSteps, guards } from '../guards/registry.ts';
import type { PlannedStep } from '../plan/bind.ts';
import { conditionHolds, type Decision, decideStep } from '../plan/decide.ts';
import { isAhead, outOfService } from '../plan/outage.ts';
import { isCutOff } from '../journal/progress.ts';
import { runChecks } from './check.ts';
import type { RunContext } from './context.ts';
import { resultsOf } from './outputs.ts';
import { currentFacts, neededFacts, PATIENCE, refresh, refreshFacts } from './refresh.ts';

/**
 * Decides one step. One with nothing to do is decided on facts that were read before and that nothing of this run may
 * have changed since; any other on fresh ones. A refusal gets time to end by itself, unless its guard says that it does
 * not.
 * @param reading called when fresh facts are about to be read
 */
export async function decide(
  context: RunContext,
  step: PlannedStep,
  reading: () => void = () => undefined,
): Promise<Decision> {
  const { clock, control, run } = context;
  const inOutage = isAhead(step) ? outOfService(step) : [];
  const ids = neededFacts([step, ...inOutage]);
  const read = (everywhere: boolean) => refresh(context, step, ids, PATIENCE, { everywhere, others: inOutage });
  const results = resultsOf(context);
  const checksOn = async (facts: Facts) =>
    conditionHolds(step, facts, { run, results }) ? runChecks(context, step, inOutage) : undefined;
  let checks: Facts['checks'];
  const decideOn = (facts: Facts, asked: readonly string[]) =>
    decideStep(step, checks ? { ...facts, checks } : facts, {
      guards: asked,
      run,
      results,
      overrides: context.plan.overrides,
      cutOff: isCutOff(context.progress.get(step.key)),
    });

  const known = await currentFacts(context, step, ids, inOutage);
  if (known) {
    checks = await checksOn(known);
    const decision = decideOn(known, []);
    if (decision.kind === 'done' || decision.kind === 'skip') return decision;
  }
  reading();
  const first = await read(false);
  checks ??= await checksOn(first);
  const asked = askedBeforeSteps(step.action.guards);
  const everywhere = asked.some((name) => guards.get(name)?.everywhere === true);
  let decision = decideOn(first, everywhere ? [] : asked);
  const deadline = clock.now() + PATIENCE;
  // The facts of the other nodes are read only for a step that is not done.
  if (everywhere && 'findings' in decision) decision = decideOn(await read(true), asked);
  while (decision.kind === 'refused' && mayEnd(decision.findings) && clock.now() < deadline && !control.stop.aborted) {
    const [refusal] = decision.findings.filter(isRefusal);
    context.emit({ type: 'step-progress', ...step.ref, message: `waiting: ${refusal?.summary ?? ''}` });
    await clock.sleep(3000, control.stop);
    // What else was read, such as what repositories offer, is read once more when that holds no more.
    const facts = await refreshFacts(context, step, factsBehind(decision.findings), PATIENCE, everywhere);
    decision = decideOn(facts, asked);
    if (decision.kind !== 'refused') decision = decideOn(await read(everywhere), asked);
  }
  if ('findings' in decision) report(context, decision.findings);
  return decision;
}

function isRefusal({ severity }: Finding): boolean {
  return severity === 'refuse';
}

/** What the guards that refuse stand on. */
function factsBehind(findings: readonly Finding[]): FactId[] {
  return [...new Set(findings.filter(isRefusal).flatMap(({ guard }) => guards.get(guard)?.facts ?? []))];
}

function mayEnd(findings: readonly Finding[]): boolean {
  return !findings.some((finding) => isRefusal(finding) && guards.get(finding.guard)?.lasting === true);
}

/** What a guard sees on every node is reported by the first step that asks it, not by each of its batch. */
function report({ emit, state: { reported } }: RunContext, findings: readonly Finding[]): void {
  for (const finding of findings) {
    const { guard, node, summary } = finding;
    if (guards.get(guard)?.everywhere === true) {
      const key = `${guard} ${node ?? ''} ${summary}`;
      if (reported.has(key)) continue;
      reported.add(key);
    }
    emit({ type: 'finding', finding });
  }
}
