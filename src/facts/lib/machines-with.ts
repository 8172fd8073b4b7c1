import type { Facts, NodeFactId, NodeFacts } from '../facts.ts';
import { changedSince } from './changed-since.ts';
import { carried } from './once.ts';

type With<Id extends NodeFactId> = readonly (readonly [name: string, fact: NonNullable<NodeFacts[Id]>])[];

const lists = new Map<NodeFactId, (nodes: Facts['nodes']) => With<NodeFactId>>();

/** The machines of which this fact is known, with it; the list stays the same object while theirs do. */
export function machinesWith<Id extends NodeFactId>(nodes: Facts['nodes'], id: Id): With<Id> {
  let list = lists.get(id);
  if (!list) lists.set(id, (list = listOf(id)));
  return list(nodes) as With<Id>;
}

function listOf(id: NodeFactId): (nodes: Facts['nodes']) => With<NodeFactId> {
  const found = carried(
    (nodes: Facts['nodes']) => ({
      nodes,
      list: Object.entries(nodes).flatMap(([name, { [id]: fact }]) =>
        fact === undefined ? [] : [[name, fact] as const],
      ),
    }),
    (last, nodes) =>
      changedSince(last.nodes, nodes)?.every((name) => last.nodes[name]?.[id] === nodes[name]?.[id])
        ? { nodes, list: last.list }
        : undefined,
  );
  return (nodes) => found(nodes).list;
}
