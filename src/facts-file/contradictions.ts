import type { FactsDocument } from './document.ts';
import { placeOf } from './problems.ts';

/** Where parts of a document do not fit together, in words. */
export function* contradictions({ inventory, asked, facts }: FactsDocument): Generator<string> {
  const known = new Set<string>();
  for (const [at, { name }] of inventory.nodes.entries()) {
    if (known.has(name)) yield `${placeOf(['inventory', 'nodes', at])}: there is a node ${name} already`;
    known.add(name);
  }
  for (const [group, names] of Object.entries(inventory.groups))
    for (const [at, name] of names.entries())
      if (!known.has(name))
        yield `${placeOf(['inventory', 'groups', group, at])}: ${JSON.stringify(name)} is no node of the inventory`;
  for (const [at, name] of asked.nodes.entries()) {
    if (!known.has(name))
      yield `${placeOf(['asked', 'nodes', at])}: ${JSON.stringify(name)} is no node of the inventory`;
    else if (!Object.hasOwn(facts.nodes, name)) yield `${placeOf(['facts', 'nodes', name])} is missing`;
  }
  for (const name of Object.keys(facts.nodes))
    if (!asked.nodes.includes(name)) yield `${placeOf(['facts', 'nodes', name])}: the node was not asked`;
}
