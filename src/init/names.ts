import type { FoundNode, NodeField } from './found.ts';

const ALLOWED = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** Words that select by role in node patterns, so that no node may have them as its name. */
const RESERVED = new Set(['all', 'control-plane', 'control-planes', 'worker', 'workers', 'other']);

/** A name that an inventory takes: an address or a name with other characters is changed, which a note says. */
export function named(name: string): { readonly name: string; readonly note?: string } {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || 'node';
  const free = RESERVED.has(plain) ? `${plain}-1` : plain;
  return ALLOWED.test(name) && free === name ? { name } : { name: free, note: `was \`${name}\`` };
}

/** The role that a name suggests, as people name machines: `cp-1`, `master01`, `k8s-worker-a`. */
export function roleByName(
  name: string,
): { readonly role: 'control-plane' | 'worker'; readonly word: string } | undefined {
  const words = name.toLowerCase().split(/[^a-z]+/);
  const word = (known: readonly string[]) => words.find((one) => known.includes(one));
  const together = /control-?plane/.exec(name.toLowerCase())?.[0];
  const master = together ?? word(['cp', 'master', 'masters', 'control', 'controller', 'controllers']);
  if (master !== undefined) return { role: 'control-plane', word: master };
  const worker = word(['worker', 'workers', 'node', 'nodes', 'compute']);
  return worker === undefined ? undefined : { role: 'worker', word: worker };
}

/** Two nodes of one name would be refused: the second gets a number, and a note. */
export function withoutNamesakes(nodes: readonly FoundNode[]): FoundNode[] {
  const taken = new Set<string>();
  return nodes.map((node) => {
    let name = node.name;
    for (let number = 2; taken.has(name); number++) name = `${node.name}-${number}`;
    taken.add(name);
    return name === node.name ? node : noted({ ...node, name }, 'name', `there is another ${node.name}`);
  });
}

export function noted(node: FoundNode, field: NodeField, note: string): FoundNode {
  const before = node.notes[field];
  return { ...node, notes: { ...node.notes, [field]: before === undefined ? note : `${note}; ${before}` } };
}
