import type { NodeFacts } from '../../facts/facts.ts';
import { minorNumber } from '../../facts/lib/version.ts';
import type { Finding, Guard, GuardInput, GuardNode } from '../guard.ts';
import { type Draft, targetOf } from './subject.ts';

/** A finding about one machine: without what the guard and the node itself add. */
export type MachineDraft = Omit<Draft, 'node' | 'step'>;

/** The findings about each machine whose facts are known; before a step about that step's alone. */
export function onMachines(
  guard: Pick<Guard, 'id' | 'source'>,
  input: GuardInput,
  judge: (facts: NodeFacts, node: GuardNode) => readonly MachineDraft[],
): Finding[] {
  const nodes = input.step ? [input.step.node] : input.nodes;
  return nodes.flatMap((node) => {
    const facts = input.before.nodes[node.name];
    const drafts = facts ? judge(facts, node) : [];
    return drafts.map((draft): Finding => ({ guard: guard.id, source: guard.source, node: node.name, ...draft }));
  });
}

/** The minor that a step brings: `with.version`, else that of the installed program that it starts. */
export function targetMinor({ step, before }: GuardInput, program: 'kubeadm' | 'kubelet'): number | undefined {
  if (!step) return undefined;
  const target = targetOf(step) ?? before.nodes[step.node.name]?.binaries?.[program];
  return target === undefined ? undefined : minorNumber(target);
}

/** `3.2 GiB` */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [amount, unit] = [bytes, 0];
  for (; amount >= 1024 && unit < units.length - 1; unit += 1) amount /= 1024;
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : Number(amount.toFixed(1))} ${units[unit] ?? ''}`;
}
