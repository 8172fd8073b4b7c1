import type { FileFacts, Facts, NodeFacts } from '../facts.ts';

/** What steps look at beside the facts that their actions declare. */
export interface Looked {
  readonly files: FileFacts;
  readonly nodes: Readonly<Record<string, Pick<NodeFacts, 'software' | 'units'>>>;
}

/** The facts with what was read. `carried`: where a step ahead is to change something of it, the facts know better. */
export function withLooked(facts: Facts, looked: Looked | undefined, carried = false): Facts {
  if (!looked) return facts;
  const nodes = { ...facts.nodes };
  for (const [name, { software, units }] of Object.entries(looked.nodes)) {
    const now = nodes[name] ?? {};
    nodes[name] = {
      ...now,
      software: carried ? { ...software, ...now.software } : { ...now.software, ...software },
      units: carried ? { ...units, ...now.units } : { ...now.units, ...units },
    };
  }
  return { ...facts, nodes, files: looked.files };
}

/** The facts once something was installed or written on a node: units that were missing may be there by then. */
export function withUnknownUnits(facts: Facts, name: string): Facts {
  const units = facts.nodes[name]?.units;
  const missing = Object.entries(units ?? {}).filter(([, { load }]) => load === 'not-found');
  if (missing.length === 0) return facts;
  const kept = Object.fromEntries(Object.entries(units ?? {}).filter(([, { load }]) => load !== 'not-found'));
  return { ...facts, nodes: { ...facts.nodes, [name]: { ...facts.nodes[name], units: kept } } };
}
