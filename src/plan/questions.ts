import type { Facts } from '../facts/facts.ts';
import { contextOf, type DraftedStep } from './bind.ts';
import type { PlanPhase, PlanStep } from './plan.ts';
import type { DraftPhase } from './steps.ts';

interface Placed<S> {
  readonly step: S;
  readonly planned: PlanStep;
  /** Undefined: of a runbook without hops. */
  readonly hop: string | undefined;
}

/**
 * The steps whose tool is asked what it would do, before it is installed: of each hop, the first one of a control plane
 * and the first one of another node, where they are due.
 */
export function askedSteps<S extends DraftedStep>(steps: readonly Placed<S>[]): Placed<S>[] {
  const first = new Map<string, Placed<S>>();
  for (const placed of steps) {
    const { step, planned, hop } = placed;
    const kind = `${hop ?? ''} ${step.node.role === 'control-plane'}`;
    if (step.action.question && planned.predicted.outcome === 'change' && !first.has(kind)) first.set(kind, placed);
  }
  return [...first.values()];
}

/**
 * Links each of them with the step before it that fetches its release on the same node, and shows what will be asked.
 */
export function withQuestions(
  phases: readonly PlanPhase[],
  drafts: readonly DraftPhase[],
  facts: Facts,
): readonly PlanPhase[] {
  const all = phases.flatMap(({ steps, hop }, at) =>
    steps.flatMap((planned, index): Placed<DraftedStep>[] => {
      const step = drafts[at]?.steps[index];
      return step ? [{ step, planned, hop: hop?.version }] : [];
    }),
  );
  const links = new Map<PlanStep, DraftedStep>();
  for (const asked of askedSteps(all)) {
    const fetching = all
      .slice(0, all.indexOf(asked))
      .findLast(({ step, planned }) => fetches(step, asked.step) && planned.predicted.outcome !== 'skipped');
    if (fetching) links.set(fetching.planned, asked.step);
  }
  return links.size === 0 ? phases : phases.map((phase) => ({ ...phase, steps: phase.steps.map(linked) }));

  function linked(planned: PlanStep): PlanStep {
    const asked = links.get(planned);
    const question = asked?.action.question?.(contextOf(asked, facts), true);
    if (!asked || !question) return planned;
    const lines = question.calls.map(
      ({ command }) => `${command}   # by kubeadm ${question.release}, not yet installed`,
    );
    return { ...planned, asksFor: asked.id, commands: [...planned.commands, ...lines] };
  }
}

function fetches({ action, node, with: options }: DraftedStep, asked: DraftedStep): boolean {
  return (
    action.fetchesAhead === true &&
    node.name === asked.node.name &&
    action.target?.(options) === asked.action.target?.(asked.with)
  );
}
