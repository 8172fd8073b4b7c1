import { expandRanges } from '../documents/ranges.ts';
import { ROLE_WORDS } from '../documents/selectors.ts';
import { entriesOf, isMap, itemsOf } from '../documents/shapes.ts';
import type { Candidate } from './candidate.ts';
import { type Raw, text } from './documents.ts';

/** What `--limit` may name: several with commas or spaces between them, each may be left out by `!`. */
export function patternsIn(inventory: Raw, word: string): Candidate[] {
  const [before = ''] = /^(?:.*[\s,])?!?/.exec(word) ?? [];
  const groups = entriesOf(inventory['groups']).map(([name]) => ({ value: name, description: 'group' }));
  const roles = Object.keys(ROLE_WORDS).map((value) => ({ value, description: 'role' }));
  return [...nodesIn(inventory), ...groups, ...roles].map((one) => ({ ...one, value: `${before}${one.value}` }));
}

export function nodesIn(inventory: Raw): Candidate[] {
  return itemsOf(inventory['nodes']).flatMap((node) => {
    const name = isMap(node) ? text(node['name']) : '';
    if (name === '' || !isMap(node)) return [];
    const expanded = expandRanges(name);
    const description = text(node['role']) || 'node';
    return (expanded.ok ? expanded.names : []).map((value) => ({ value, description }));
  });
}
