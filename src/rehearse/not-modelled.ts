import type { NotModelled } from '../render/rehearsal-data.ts';
import type { Comparison, Difference } from './compare.ts';

/** What the twin does not have as the cluster has it: alike on several nodes once, what a plan stands on first. */
export function notModelled({ deciding, differs }: Comparison): NotModelled[] {
  const groups = new Map<string, { first: Difference; decides: boolean; nodes: Set<string> }>();
  const add = (one: Difference, decides: boolean): void => {
    const key = JSON.stringify([decides, one.fact, one.path, one.source, one.twin]);
    const group = groups.get(key) ?? { first: one, decides, nodes: new Set<string>() };
    groups.set(key, group);
    if (one.node !== undefined) group.nodes.add(one.node);
  };
  for (const one of deciding) add(one, true);
  for (const one of differs) add(one, false);
  return [...groups.values()].map(({ first, decides, nodes }) => ({
    fact: first.fact,
    nodes: [...nodes],
    path: first.path,
    ...(first.source !== undefined && { source: textOf(first.source) }),
    ...(first.twin !== undefined && { twin: textOf(first.twin) }),
    ...(decides && { deciding: true as const }),
  }));
}

const MOST = 200;

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MOST ? `${text.slice(0, MOST - 3)}...` : text;
}
