import { randomUUID } from 'node:crypto';
import type { Facts } from '../facts/facts.ts';
import { askScript, type KubeadmQuestion, patienceOf } from '../facts/lib/ask-kubeadm.ts';
import { withNode } from '../facts/lib/with-node.ts';
import { type KubeadmAnswer, parseAnswer } from '../facts/target-kubeadm.ts';
import type { Finding } from '../guards/guard.ts';
import { askingKubeadm, guards } from '../guards/registry.ts';
import { contextOf, type PlannedStep } from '../plan/bind.ts';
import { judgeStep } from '../plan/decide.ts';
import { stepKey } from '../plan/key.ts';
import type { RemoteNode } from '../remote/attempt.ts';
import { withEnv } from './check.ts';
import type { RunContext } from './context.ts';
import { leavable } from './leavable.ts';
import { neededFacts, PATIENCE, refresh } from './refresh.ts';

/**
 * Once a step has fetched a release's packages: asks its kubeadm what the upgrade of the node would do, and the guards
 * of that step once more. Nothing is out of service by then. An answer is good for now alone: it is kept nowhere on the
 * node.
 */
export async function askKubeadm(context: RunContext, step: PlannedStep): Promise<'holds' | 'refused'> {
  const ahead = stepAhead(context, step);
  if (!ahead || context.progress.get(ahead.key)) return 'holds';
  const names = askingKubeadm(ahead.action.guards);
  const ids = [...neededFacts([step, ahead]), ...names.flatMap((name) => guards.get(name)?.facts ?? [])];
  const facts = await refresh(context, ahead, [...new Set(ids)], PATIENCE);
  const view = contextOf(ahead, facts);
  const question = ahead.action.isDone(view).done ? undefined : ahead.action.question?.(view, true);
  if (!question) return 'holds';
  const message = `asking kubeadm ${question.release} what ${ahead.id} would do; nothing is changed`;
  context.emit({ type: 'step-progress', ...step.ref, message });
  const work = (remote: RemoteNode) => answerOf(remote, question, ahead.env);
  const answer = await leavable(context, context.links.with(step.node.name, work));
  const known = withAnswer(context.facts ?? facts, step.node.name, question.release, answer);
  context.facts = known;
  const findings = judgeStep(ahead, known, { guards: names, run: context.run, overrides: context.plan.overrides });
  for (const finding of findings.filter((one) => !wasPlanned(context, one))) context.emit({ type: 'finding', finding });
  return findings.some(({ severity }) => severity === 'refuse') ? 'refused' : 'holds';
}

/** The plan showed it already; a refusal is shown in any case. */
function wasPlanned({ plan }: RunContext, { guard, severity, summary }: Finding): boolean {
  return (
    severity !== 'refuse' && plan.findings.some((planned) => planned.guard === guard && planned.summary === summary)
  );
}

function stepAhead({ phases }: RunContext, { node, planned }: PlannedStep): PlannedStep | undefined {
  const { asksFor } = planned;
  if (asksFor === undefined) return undefined;
  const key = stepKey(node.name, asksFor);
  return phases.flatMap(({ steps }) => steps).find((step) => step.key === key);
}

/**
 * Asks on a node, with the variables of the step: kubeadm writes those of proxies into the static pods. What goes wrong
 * there is an answer; a lost link is not. @throws ConnectionLost
 */
export async function answerOf(
  remote: RemoteNode,
  question: KubeadmQuestion,
  env: PlannedStep['env'],
): Promise<KubeadmAnswer> {
  const script = withEnv(env, askScript(question, randomUUID()));
  const { stdout } = await remote.probe(script, { timeout: patienceOf(question) });
  return parseAnswer(stdout, new Map(question.calls.map(({ id, command }) => [id, command])));
}

export function withAnswer(facts: Facts, node: string, release: string, answer: KubeadmAnswer): Facts {
  return withNode(facts, node, (known) => ({ ...known, targetKubeadm: { ...known.targetKubeadm, [release]: answer } }));
}
