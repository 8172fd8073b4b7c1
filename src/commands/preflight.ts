import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { type Preflight, renderPreflight } from '../render/preflight.ts';
import { type AtEnd, type Console, withConsole } from '../run/console.ts';
import { readFacts } from '../run/facts.ts';
import { chosenNodes, judgeCluster, judgePlan, nodesOf, type Subject, withoutPlan } from '../run/judge.ts';
import { readKept } from '../run/kept-inventory.ts';
import { loadDocuments, loadSubject } from '../run/load.ts';
import {
  checksOption,
  type CommonOptions,
  documentOptions,
  factsOption,
  overrideOption,
  type Run,
  stateDir,
} from '../run/options.ts';
import { parseOverrides } from '../run/overrides.ts';
import { planOf, requireNoRefusal } from '../run/plan.ts';
import { scopeOf } from '../run/scope.ts';
import { asksNodes, type KeptFacts, openSource, requireLinks, type Source } from '../run/source.ts';
import { askTargets, requireUpgrade } from '../run/target-kubeadm.ts';

export function define(command: Command, run: Run): void {
  const words = "a path, or a file's name in ./runbooks; without it the cluster is judged as it is now";
  factsOption(checksOption(overrideOption(documentOptions(command.argument('[runbook.yaml]', words)))))
    .option('--with-target-kubeadm', "also ask the target's own kubeadm, from a folder that is removed afterwards")
    .action((file: string | undefined, options: Options) => run(() => preflight(file, options)));
}

interface Options extends CommonOptions {
  readonly checks: boolean;
  readonly withTargetKubeadm?: boolean;
}

/**
 * Facts and guards alone: takes no lock and changes nothing. What looks writes nothing, with the one exception that has
 * an option of its own: the kubeadm of the target is asked from a folder on the node, which is gone at its end. With a
 * runbook its steps are judged too; without one every guard judges the cluster as it is now, and a drain of each node.
 */
function preflight(file: string | undefined, options: Options): Promise<number> {
  if (file === undefined && options.withTargetKubeadm)
    throw new Failure(
      'usage',
      '--with-target-kubeadm needs a runbook, which says the release that kubeadm is asked about',
    );
  if (file === undefined && !options.checks)
    throw new Failure('usage', '--no-checks needs a runbook: without one, nothing of a runbook is run');
  if (options.facts !== undefined && options.withTargetKubeadm) throw asksNodes();
  const isData = options.output === 'json';
  // The document alone is on stdout, so that a script can read it whole.
  return withConsole(isData ? { ...options, output: 'plain' } : options, 'stderr', async (console, atEnd) => {
    const found = await (file === undefined
      ? withoutRunbook(console, atEnd, options)
      : withRunbook(console, atEnd, file, options));
    console.print(isData ? `${JSON.stringify(found)}\n` : renderPreflight(found, console.look));
    requireNoRefusal(found);
    return 0;
  });
}

async function withoutRunbook(console: Console, atEnd: AtEnd, options: CommonOptions): Promise<Preflight> {
  const kept = await readKept(options);
  const inventory = await loadSubject(console, options, kept);
  const overrides = parseOverrides(options.override, inventory.value);
  return asItIs(
    console,
    atEnd,
    { inventory, overrides, ...(options.limit !== undefined && { limit: options.limit }) },
    options,
    kept,
  );
}

async function asItIs(
  console: Console,
  atEnd: AtEnd,
  subject: Subject,
  options: CommonOptions,
  kept: KeptFacts | undefined,
): Promise<Preflight> {
  const { inventory } = subject;
  const nodes = nodesOf(subject);
  const optional = others(nodes, chosenNodes(subject));
  const source = await openSource(
    console,
    atEnd,
    { inventory, nodes, optional, minors: [], stateDir: stateDir(options) },
    kept,
  );
  return judgeCluster(console, source.observer, subject, answering(console, nodes, source));
}

async function withRunbook(console: Console, atEnd: AtEnd, file: string, options: Options): Promise<Preflight> {
  const kept = await readKept(options, file);
  const documents = await loadDocuments(console, file, options, kept);
  if (options.withTargetKubeadm) requireUpgrade(documents);
  const scope = scopeOf(documents);
  const { inventory } = documents;
  // A part of the cluster cannot be judged by itself; a runbook without nodes to contact contacts none.
  const nodes = options.limit === undefined || scope.nodes.length === 0 ? scope.nodes : nodesOf(documents);
  const optional = others(nodes, scope.nodes);
  const dial = { inventory, nodes, optional, minors: scope.minors, stateDir: stateDir(options) };
  const source = await openSource(console, atEnd, dial, kept);
  const contacted = answering(console, nodes, source);
  try {
    const reading = await readFacts(console, documents, source.observer, scope);
    const own = source.own(options.checks);
    const plan = await planOf(own, documents, scope, reading, source.look);
    if (!options.withTargetKubeadm) return await judgePlan(console, documents, scope, reading, plan, contacted);
    const answered = await askTargets(console, documents, reading, plan, requireLinks(source));
    const judged = await planOf(own, documents, scope, answered, source.look);
    return await judgePlan(console, documents, scope, answered, judged, contacted);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'guard-refused') throw error;
    return withoutPlan(await asItIs(console, atEnd, documents, options, kept), documents.runbook.value.name, error);
  }
}

function others(nodes: readonly string[], wanted: readonly string[]): ReadonlySet<string> {
  return new Set(nodes.filter((name) => !wanted.includes(name)));
}

/** The nodes that answered; of those that --limit leaves out, one that did not is a warning. */
function answering(console: Console, nodes: readonly string[], { missing, observer: { kept } }: Source): string[] {
  const silent = nodes.filter((name) => missing.includes(name));
  const why = kept ? `is not in ${kept.file}` : 'cannot be reached';
  if (silent.length > 0) console.warn(`judged without ${silent.join(', ')}, which ${why} and is not chosen`);
  return nodes.filter((name) => !silent.includes(name));
}
