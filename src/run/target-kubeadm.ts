import { stepsOf } from '../documents/steps-of.ts';
import { actions } from '../actions/registry.ts';
import { answerOf, withAnswer } from '../engine/ask-kubeadm.ts';
import type { Links } from '../engine/links.ts';
import { Failure } from '../failure.ts';
import { bindPlan, contextOf } from '../plan/bind.ts';
import type { Plan } from '../plan/plan.ts';
import { askedSteps } from '../plan/questions.ts';
import type { Console } from './console.ts';
import type { Reading } from './facts.ts';
import type { Documents } from './load.ts';

/**
 * Asks the kubeadm of the release that the plan goes to next, on the nodes on which a run would ask it after its
 * prefetch: of several hops the first one alone, as kubeadm refuses a cluster that is two minors behind.
 */
export async function askTargets(
  console: Console,
  { inventory }: Documents,
  { facts, observer }: Reading,
  plan: Plan,
  links: Links,
): Promise<Reading> {
  const phases = bindPlan(plan, { actions, inventory: inventory.value, run: 'RUN' });
  const asked = askedSteps(
    phases.flatMap(({ steps, phase }) =>
      steps.map((step) => ({ step, planned: step.planned, hop: phase.hop?.version })),
    ),
  );
  const first = asked.filter(({ hop }) => hop === asked[0]?.hop);
  const answers = await Promise.all(
    first.map(async ({ step }) => {
      const question = step.action.question?.(contextOf(step, facts), false);
      if (!question) return undefined;
      const { name } = step.node;
      const text = `asking kubeadm ${question.release} on ${name}, from a folder of its own`;
      console.emit({ type: 'message', level: 'info', text, detail: [] });
      return {
        name,
        release: question.release,
        answer: await links.with(name, (remote) => answerOf(remote, question, step.env)),
      };
    }),
  );
  const known = answers.reduce((all, one) => (one ? withAnswer(all, one.name, one.release, one.answer) : all), facts);
  return { observer, facts: known };
}

/** @throws Failure (usage) where no step of the runbook upgrades a node by kubeadm */
export function requireUpgrade({ runbook }: Documents): void {
  const asks = runbook.value.phases.some((phase) =>
    stepsOf(phase).some((step) => step.kind === 'uses' && actions.get(step.uses)?.question !== undefined),
  );
  if (!asks) throw new Failure('usage', '--with-target-kubeadm: no step of the runbook upgrades a node by kubeadm');
}
