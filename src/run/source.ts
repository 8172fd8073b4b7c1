import type { FactSource } from '../engine/fact-source.ts';
import type { Links } from '../engine/links.ts';
import type { FactsDocument } from '../facts-file/document.ts';
import { Failure } from '../failure.ts';
import { type ConnectOptions, connectNodes } from './connect.ts';
import type { AtEnd, Console } from './console.ts';
import { FactsOfFile } from './facts-of-file.ts';
import { KeptAnswers } from './kept-answers.ts';
import { type OwnAnswers, OwnCommands } from './own-commands.ts';
import { type Look, lookOver } from './plan.ts';

/** What a plan is made from beside its documents: nodes over their links, or a facts file. */
export interface Source {
  readonly observer: FactSource;
  readonly look: Look;
  /** @param isRun false: with --no-checks */
  readonly own: (isRun: boolean | undefined) => OwnAnswers;
  /** Nodes that did not answer, or that the file does not have, where that is allowed. */
  readonly missing: readonly string[];
  /** Undefined: no one can be contacted. */
  readonly links?: Links;
}

/** A facts file, as it is given by --facts. */
export interface KeptFacts {
  readonly file: string;
  readonly document: FactsDocument;
  /** The command that reads what it lacks. */
  readonly command: string;
}

/** Connects to the nodes, or takes the file in their place. @throws Failure as {@link connectNodes}, or (document) */
export async function openSource(
  console: Console,
  atEnd: AtEnd,
  options: ConnectOptions,
  kept: KeptFacts | undefined,
): Promise<Source> {
  if (kept) return sourceOf(options, kept);
  const connection = await connectNodes(console, options);
  atEnd(() => connection.links.close());
  const { links, observer, missing = [] } = connection;
  return {
    links,
    observer,
    missing,
    look: lookOver(links),
    own: (isRun) => new OwnCommands(console, connection, isRun),
  };
}

function sourceOf({ nodes, optional, minors }: ConnectOptions, { file, document, command }: KeptFacts): Source {
  const source = new FactsOfFile(file, document, minors, command);
  source.requireNodes(nodes.filter((name) => optional?.has(name) !== true));
  const missing = nodes.filter((name) => !document.asked.nodes.includes(name));
  return { observer: source, look: source.look, own: (isRun = true) => new KeptAnswers(source, isRun), missing };
}

/** @throws Failure (usage) where no one is contacted */
export function requireLinks({ links }: Source): Links {
  if (links) return links;
  throw asksNodes();
}

export function asksNodes(): Failure {
  return new Failure('usage', '--with-target-kubeadm asks the nodes, and with --facts no one is contacted', [
    'Leave out one of them.',
  ]);
}
