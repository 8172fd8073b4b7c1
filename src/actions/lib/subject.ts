import type { ApiServerFact } from '../../facts/api-servers.ts';
import type { NodeFacts } from '../../facts/facts.ts';
import type { NodeObject } from '../../facts/nodes.ts';
import { nodeObjectFor } from '../../facts/lib/identity.ts';
import type { ActionContext } from '../action.ts';

/** Facts of the machine that the step is about. */
export function machineOf(context: ActionContext<unknown>): NodeFacts {
  return context.facts.nodes[context.node.name] ?? {};
}

/** The Node object of the machine; undefined if none is known (the guards `membership` and `same-machine` refuse). */
export function objectOf(context: ActionContext<unknown>): NodeObject | undefined {
  return nodeObjectFor(context.facts, context.node.name);
}

/** What kubectl calls the node; only where no Node object is known, the inventory's name. */
export function objectNameOf(context: ActionContext<unknown>): string {
  return objectOf(context)?.name ?? context.node.name;
}

/** The API server on the machine, asked directly. */
export function apiServerOf(context: ActionContext<unknown>): ApiServerFact | undefined {
  const name = objectNameOf(context);
  return context.facts.cluster?.apiServers?.find((server) => server.node === name);
}

export function unknownObject(context: ActionContext<unknown>): string {
  return `no Node object is known to be ${context.node.name}`;
}
