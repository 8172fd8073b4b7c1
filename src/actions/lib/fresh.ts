import type { NodeObject } from '../../facts/nodes.ts';
import type { ActionContext } from '../action.ts';
import { machineOf, objectNameOf } from './subject.ts';

/**
 * What the API shows of a node may be of an earlier kubelet, or come from a restored snapshot: it counts only if the
 * running process renewed the lease and reported after its start. All these times are by the node's own clock.
 */
export function staleReports(context: ActionContext<unknown>, node: NodeObject): string[] {
  const { kubelet } = machineOf(context);
  if (kubelet?.active === false) return [`the kubelet of ${context.node.name} is not active`];
  const { startedAt } = kubelet ?? {};
  if (startedAt === undefined) return [];
  const name = objectNameOf(context);
  const renewed = context.facts.cluster?.leases?.find((lease) => lease.node === name)?.renewTime;
  return [
    ...(renewed !== undefined && isBefore(renewed, startedAt)
      ? [`the lease of ${name} was not renewed since its kubelet started`]
      : []),
    ...staleReady(context, node),
  ];
}

/** Its Ready is older than the running kubelet. */
export function staleReady(context: ActionContext<unknown>, { name, heartbeat }: NodeObject): string[] {
  const startedAt = machineOf(context).kubelet?.startedAt;
  if (heartbeat === undefined || startedAt === undefined || !isBefore(heartbeat, startedAt)) return [];
  return [`${name} has not reported since its kubelet started`];
}

/** The Node object once its kubelet has reported that it is Ready: when, no projection knows. */
export function reported(node: NodeObject): NodeObject {
  const { heartbeat: _, ...rest } = node;
  return { ...rest, ready: true };
}

/** Reports have whole seconds. */
function isBefore(time: string, seconds: number): boolean {
  return Date.parse(time) / 1000 < Math.floor(seconds);
}
