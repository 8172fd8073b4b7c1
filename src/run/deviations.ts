import { stepsOfPlan } from '../plan/all-steps.ts';
import { canonicalJson, differences } from '../plan/digest.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import { escapeControls } from '../render/text.ts';

/** Steps whose scripts are shown whole, in both forms. */
const SHOWN = 10;

/** Where a saved plan is other than a fresh one of the same documents and facts, for people; empty: nowhere. */
export function deviations(saved: Plan, fresh: Plan): string[] {
  const [theirs, ours] = [stepsOf(saved), stepsOf(fresh)];
  const keys = [...new Set([...theirs.keys(), ...ours.keys()])];
  const moved = keys.filter((key) => canonicalJson(doing(theirs.get(key))) !== canonicalJson(doing(ours.get(key))));
  return [
    ...moved.slice(0, SHOWN).flatMap((key) => stepLines(key, theirs.get(key), ours.get(key))),
    ...(moved.length > SHOWN ? [`... and ${moved.length - SHOWN} more steps`] : []),
    ...differences(frame(saved), frame(fresh)),
  ];
}

function stepsOf(plan: Plan): ReadonlyMap<string, PlanStep> {
  return new Map(stepsOfPlan(plan).map((step) => [stepKey(step.node, step.id), step]));
}

/** What a step does. What is predicted of it may move with what runs on the nodes. */
function doing(step: PlanStep | undefined): unknown {
  if (!step) return undefined;
  const { predicted: _predicted, ...rest } = step;
  return rest;
}

/**
 * Everything about a plan but its steps; a reboot since it was made does not count, nor where its documents lie, nor
 * how long it takes.
 */
function frame({
  createdAt: _at,
  digest: _digest,
  findings: _findings,
  expected: _expected,
  phases,
  runbook,
  inventory,
  nodes,
  ...rest
}: Plan) {
  return {
    ...rest,
    runbook: { ...runbook, file: '' },
    inventory: { ...inventory, file: '' },
    nodes: nodes.map(({ before, ...node }) => ({ ...node, before: before && { ...before, boot: '' } })),
    phases: phases.map(({ always, ...phase }) => ({
      ...phase,
      steps: phase.steps.map(keyOf),
      ...(always && { always: always.map(keyOf) }),
    })),
  };
}

function keyOf({ id, node }: PlanStep): string {
  return stepKey(node, id);
}

function stepLines(key: string, saved: PlanStep | undefined, fresh: PlanStep | undefined): string[] {
  if (!saved) return [`${key}: not in the file, a fresh plan has it`];
  if (!fresh) return [`${key}: only in the file, a fresh plan does not have it`, ...scriptLines('in the file', saved)];
  const scripts =
    saved.script === fresh.script
      ? []
      : [...scriptLines('in the file', saved), ...scriptLines('in a fresh plan', fresh)];
  return [
    `${key}: in the file -> in a fresh plan`,
    ...differences(shown(saved), shown(fresh)).map(indented),
    ...scripts,
  ];
}

/** The script is shown by its lines. */
function shown({ script: _script, predicted: _predicted, ...rest }: PlanStep): unknown {
  return rest;
}

function scriptLines(where: string, { script }: PlanStep): string[] {
  const lines = script?.trimEnd().split('\n') ?? ['(none)'];
  return [`  script ${where}:`, ...lines.map((line) => `    | ${escapeControls(line)}`)];
}

function indented(line: string): string {
  return `  ${line}`;
}
