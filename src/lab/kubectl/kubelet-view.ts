import type { NodeCondition } from '../node-status.ts';
import type { Machine } from '../machine.ts';

/** Milliseconds of simulated work until a restarted kubelet reports ready static pods: a minute or more in life. */
const mirrorWork = 3000;

/** What the node lifecycle controller puts on a node that is not Ready, so that no pod comes to it. */
export function conditionTaints(seen: NodeCondition, timeAdded: string): object[] {
  if (seen.status === 'True') return [];
  const key = `node.kubernetes.io/${seen.status === 'False' ? 'not-ready' : 'unreachable'}`;
  return ['NoSchedule', 'NoExecute'].map((effect) => ({ effect, key, timeAdded }));
}

/** Does the kubelet report its static pods as ready, if they are? They run on while it is restarted. */
export function mirrorsReady(machine: Machine): boolean {
  return machine.up && (machine.clock.now() - machine.kubelet.startedAt) * machine.clock.scale >= mirrorWork;
}
