import type { Inventory } from '../documents/model.ts';
import { inventoryOf, inventoryPart } from '../facts-file/inventory.ts';
import type { FactsInventory } from '../facts-file/document.ts';
import { Failure } from '../failure.ts';
import { quote } from '../transport/quote.ts';
import type { Valid } from './load.ts';
import type { CommonOptions } from './options.ts';
import type { KeptFacts } from './source.ts';

/** Differences that are shown. */
const SHOWN = 8;

/** The facts file of --facts; undefined where there is none. @throws Failure (document) */
export async function readKept(options: CommonOptions, runbook?: string): Promise<KeptFacts | undefined> {
  const { facts: file } = options;
  if (file === undefined) return undefined;
  // The form of the file is loaded where there is one: not before nodes are dialled.
  const { readFactsFile } = await import('../facts-file/read.ts');
  const document = await readFactsFile(file);
  const inventory = options.inventory ?? document.inventory.file;
  const words = [
    'runbook facts',
    ...(runbook === undefined ? [] : [quote(runbook)]),
    `-i ${quote(inventory)}`,
    ...(options.set ?? []).map((one) => `--set ${quote(one)}`),
    `-o ${quote(file)}`,
  ];
  return { file, document, command: words.join(' ') };
}

/**
 * The inventory that facts of a file are judged by: their own, unless one is named, which must be of the same nodes.
 * @throws Failure (document) with what differs
 */
export function inventoryFor(kept: KeptFacts, named: Valid<Inventory> | undefined): Valid<Inventory> {
  const own = inventoryOf(kept.document);
  if (!named) return own;
  const differ = differencesOf(kept.document.inventory, inventoryPart(named));
  if (differ.length === 0) return named;
  const more = differ.length - SHOWN;
  throw new Failure('document', `${kept.file} has the facts of other nodes than ${named.file} names`, [
    ...differ.slice(0, SHOWN),
    ...(more > 0 ? [`and ${more} more`] : []),
    `Leave out -i, and the inventory in ${kept.file} counts; or read the facts of this one: ${kept.command}`,
  ]);
}

function differencesOf(of: FactsInventory, named: FactsInventory): string[] {
  const differ = (what: string, one: string, other: string): string[] =>
    one === other ? [] : [`${what} is ${one} in the facts, and ${other} in the inventory`];
  const others = new Map(named.nodes.map((node) => [node.name, node]));
  const known = new Set(of.nodes.map(({ name }) => name));
  return [
    ...differ('the cluster', of.cluster, named.cluster),
    ...of.nodes.flatMap(({ name, host, role }) => {
      const node = others.get(name);
      if (!node) return [`${name} is in the facts alone`];
      return [...differ(`the role of ${name}`, role, node.role), ...differ(`the host of ${name}`, host, node.host)];
    }),
    ...named.nodes.filter(({ name }) => !known.has(name)).map(({ name }) => `${name} is in the inventory alone`),
    ...differ('packages.baseUrl', of.packages.baseUrl ?? 'not set', named.packages.baseUrl ?? 'not set'),
    ...differ('kubectl.kubeconfig', of.kubectl.kubeconfig, named.kubectl.kubeconfig),
    ...differ('kubectl.on', of.kubectl.on, named.kubectl.on),
  ];
}
