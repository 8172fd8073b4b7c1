import type { KubeadmAnswer } from '../../facts/target-kubeadm.ts';
import type { GuardInput } from '../guard.ts';
import { targetOf } from './subject.ts';

/** What the kubeadm of the step's release said on its node; undefined: it was not asked. */
export function answerFor({ before, step }: GuardInput): KubeadmAnswer | undefined {
  const release = targetOf(step);
  return step && release !== undefined ? before.nodes[step.node.name]?.targetKubeadm?.[release] : undefined;
}
