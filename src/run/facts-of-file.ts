import { describeLocal } from '../engine/files.ts';
import { isOutsideOfClusters, kubectlHostOf } from '../engine/control-plane.ts';
import type { FactSource, KeptReading } from '../engine/fact-source.ts';
import { LocalFiles } from '../engine/local-file.ts';
import { looksOf, type NodeLooks } from '../engine/looks.ts';
import type { FactId, FileFact, Facts, NodeFacts } from '../facts/facts.ts';
import { FactError } from '../facts/fact.ts';
import { isClusterFact, isNodeFact } from '../facts/lib/kinds.ts';
import { listNames } from '../render/text.ts';
import type { FactsDocument } from '../facts-file/document.ts';
import { Failure } from '../failure.ts';
import type { Look } from './plan.ts';

/** Facts of a file, as nodes would answer. What it does not have is refused with the command that reads it. */
export class FactsOfFile implements FactSource {
  readonly kept: KeptReading;
  readonly document: FactsDocument;
  readonly #minors: readonly string[];
  readonly #command: string;

  /** @param command reads a file that has what this one lacks */
  constructor(file: string, document: FactsDocument, minors: readonly string[], command: string) {
    this.kept = { file, readAt: document.readAt };
    this.document = document;
    this.#minors = minors;
    this.#command = command;
  }

  kubectlHost(avoid?: string): string {
    const { nodes } = this.document.facts;
    const apart = Object.keys(nodes).filter((name) => nodes[name]?.kubelet && nodes[name].kubelet.server === undefined);
    return kubectlHostOf(this.document.inventory, new Set(apart), avoid);
  }

  offering(minors: readonly string[]): FactsOfFile {
    return new FactsOfFile(this.kept.file, this.document, minors, this.#command);
  }

  /** @throws Failure (document) with what the file lacks, FactError with what could not be read then either */
  // oxlint-disable-next-line typescript/require-await -- what it throws is a rejection, as from nodes
  async read(known: Facts, nodes: readonly string[], ids: readonly FactId[]): Promise<Facts> {
    const { asked, facts, inventory } = this.document;
    this.requireNodes(nodes);
    const unread = ids.filter((id) => !asked.facts.includes(id));
    if (unread.length > 0) throw this.lacks(`the facts ${unread.join(', ')}`);
    const perNode = ids.filter(isNodeFact);
    for (const name of nodes) this.#requireRead(name, perNode);
    const perCluster = ids.filter(isClusterFact);
    this.#requireRead(undefined, perCluster);
    if (perNode.includes('offered')) {
      const unasked = this.#minors.filter((minor) => !asked.minors.includes(minor));
      if (unasked.length > 0) throw this.lacks(`what package repositories offer of ${unasked.join(', ')}`);
    }
    const read = perNode.length === 0 ? [] : nodes;
    const own = read.map((name) => [name, { ...known.nodes[name], ...this.#ofNode(facts.nodes[name], perNode) }]);
    const isAsked = perCluster.length > 0 && !isOutsideOfClusters(inventory);
    const cluster = isAsked ? { ...known.cluster, ...picked(facts.cluster ?? {}, perCluster) } : known.cluster;
    return {
      ...known,
      nodes: { ...known.nodes, ...Object.fromEntries(own) },
      ...(cluster && { cluster }),
    };
  }

  /** @throws Failure (document) where one of these nodes was not read */
  requireNodes(nodes: readonly string[]): void {
    const missing = nodes.filter((name) => !this.document.asked.nodes.includes(name));
    if (missing.length > 0) throw this.lacks(`the facts of ${listNames(missing, 8)}`);
  }

  /** What the steps look at on nodes is from the file, and what they look at on this machine is read here. */
  readonly look: Look = async (steps, facts) => {
    const looks = looksOf(steps, facts);
    if (!looks) return undefined;
    const local = await describeLocal(new LocalFiles(), looks);
    const nodes = [...looks.nodes].map(([name, wanted]) => ({ name, ...this.#looked(name, wanted) }));
    return {
      files: { local, nodes: Object.fromEntries(nodes.map(({ name, files }) => [name, files])) },
      nodes: Object.fromEntries(nodes.map(({ name, software, units }) => [name, { software, units }])),
    };
  };

  lacks(what: string): Failure {
    return new Failure('document', `${this.kept.file} does not have ${what}`, [
      `Read them, with what this runbook asks for: ${this.#command}`,
    ]);
  }

  /** @param name undefined: the cluster, which some node was asked about */
  #requireRead(name: string | undefined, ids: readonly FactId[]): void {
    for (const { facts, ...evidence } of this.document.asked.unread ?? []) {
      const fact = ids.find((id) => facts.includes(id));
      if (fact !== undefined && (name === undefined || name === evidence.node))
        throw new FactError({ ...evidence, fact });
    }
  }

  #ofNode(node: NodeFacts = {}, ids: readonly (keyof NodeFacts)[]): NodeFacts {
    const facts = picked(node, ids);
    if (!facts.offered) return facts;
    const asked = Object.entries(facts.offered).filter(([minor]) => this.#minors.includes(minor));
    return { ...facts, offered: Object.fromEntries(asked) };
  }

  #looked(name: string, wanted: NodeLooks) {
    const { facts } = this.document;
    const { software = {}, units = {} } = facts.nodes[name] ?? {};
    const files: Readonly<Record<string, FileFact>> = facts.files?.nodes[name] ?? {};
    const questions = [...wanted.packages.values()];
    const isKnown = ({ name: of, exact }: (typeof questions)[number]) =>
      software[of] !== undefined &&
      (software[of].offered !== undefined || (exact !== undefined && software[of].installed?.revision === exact));
    const unknown = [
      ...[...wanted.files].filter((path) => files[path] === undefined).map((path) => `the file ${path}`),
      ...questions.filter((one) => !isKnown(one)).map((one) => `the package ${one.name}`),
      ...[...wanted.units].filter((unit) => units[unit] === undefined).map((unit) => `the unit ${unit}`),
    ];
    if (unknown.length > 0) throw this.lacks(`${listNames(unknown, 8)} of ${name}`);
    return {
      files: entriesOf(files, wanted.files),
      software: entriesOf(software, wanted.packages.keys()),
      units: entriesOf(units, wanted.units),
    };
  }
}

function picked<T extends object>(from: T, keys: readonly (keyof T)[]): Partial<T> {
  const own = keys.filter((key) => Object.hasOwn(from, key)).map((key) => [key, from[key]] as const);
  return Object.fromEntries(own) as Partial<T>;
}

function entriesOf<T>(from: Readonly<Record<string, T>>, keys: Iterable<string>): Record<string, T> {
  return Object.fromEntries([...keys].flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
}
