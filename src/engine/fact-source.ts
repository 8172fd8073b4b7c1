import type { FactId, Facts } from '../facts/facts.ts';

/** Facts that were read earlier, by the file that has them. */
export interface KeptReading {
  readonly file: string;
  /** ISO 8601. */
  readonly readAt: string;
}

/** What facts are read from: the nodes over their links, or a facts file. */
export interface FactSource {
  /** Of a facts file. */
  readonly kept?: KeptReading;
  /** Where kubectl runs. @throws Failure (document) where the inventory has no such place */
  kubectlHost(avoid?: string): string;
  /** The same, but the repositories of these minors are asked. */
  offering(minors: readonly string[]): FactSource;
  /** Facts of these nodes and of the cluster; those of other nodes are kept from `known`. @throws FactError */
  read(known: Facts, nodes: readonly string[], ids: readonly FactId[]): Promise<Facts>;
}
