import { open } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { Failure, messageOf } from '../failure.ts';
import { comparePlans } from '../plan/changes.ts';
import type { Plan } from '../plan/plan.ts';
import { namesText } from '../render/fold-names.ts';
import { keptText } from '../render/kept.ts';
import { renderFindings, renderNodePlan, renderPlan } from '../render/plan.ts';
import { markdownPlanChanges, renderPlanChanges } from '../render/plan-changes.ts';
import { renderPlanMarkdown } from '../render/plan-markdown.ts';
import { type BoundOptions, parseBounds } from '../run/bounds.ts';
import { measuredOn } from '../journal/durations.ts';
import { RunStore } from '../journal/store.ts';
import { type Console, withConsole } from '../run/console.ts';
import { releasesIn } from '../run/control.ts';
import { readFacts } from '../run/facts.ts';
import { readKept } from '../run/kept-inventory.ts';
import { type Documents, loadDocuments } from '../run/load.ts';
import {
  checksOption,
  type CommonOptions,
  documentOptions,
  factsOption,
  overrideOption,
  type Run,
  stateDir,
} from '../run/options.ts';
import { emitPlan, hasChanges, planOf, requireNoRefusal, showFindings } from '../run/plan.ts';
import { applyCommand } from '../run/plan-again.ts';
import { readEarlierPlan, refuseMovedPlan } from '../run/saved-plan.ts';
import { scopeOf } from '../run/scope.ts';
import { showRehearsal } from '../run/show-rehearsal.ts';
import { openSource } from '../run/source.ts';

interface Options extends CommonOptions {
  readonly out?: string;
  readonly checks?: boolean;
  readonly detailedExitcode?: boolean;
  readonly node?: string;
  readonly format?: 'md';
  readonly against?: string;
}

export function define(command: Command, run: Run): void {
  const words = "a path, a file's name in ./runbooks, or a saved plan";
  factsOption(checksOption(overrideOption(documentOptions(command.argument('<runbook.yaml | plan.json>', words)))))
    .option('-o, --out <file>', 'save the plan; `runbook apply <file>` runs just that')
    .option('--node <name>', 'show the whole plan of one node; the plan itself is that of all')
    .addOption(new Option('--format <form>', 'md: print the plan as Markdown, for a change request').choices(['md']))
    .option('--against <plan.json>', 'show what changed since this saved plan')
    .option('--detailed-exitcode', 'exit 0 when there is nothing to do, 6 when there are changes to make')
    .action((file: string, options: Options) => run(() => plan(file, options)));
}

/** The dry run, of a saved plan too: as `apply` up to its guards, without its look at locks and runs. */
export function plan(file: string, options: Options & BoundOptions): Promise<number> {
  // What changed is one document: progress is not in it.
  const isDocument = options.against !== undefined && options.output === 'json';
  return withConsole(isDocument ? { ...options, output: 'plain' } : options, 'stderr', async (console, atEnd) => {
    requireOneForm(options);
    const kept = await readKept(options, file);
    const documents = await loadDocuments(console, file, options, kept);
    const earlier = await earlierPlan(options.against, documents);
    if (Object.keys(parseBounds(options, Date.now())).length > 0)
      console.info('--until and --max-nodes say where a run pauses: the plan shows all that is left to do');
    const { inventory, saved } = documents;
    const scope = scopeOf(documents);
    const dial = { ...scope, inventory, stateDir: stateDir(options) };
    const { observer, look, own } = await openSource(console, atEnd, dial, kept);
    const reading = await readFacts(console, documents, observer, scope);
    const measured = await measuredOn(new RunStore(stateDir(options)), inventory.value.cluster);
    const now = await planOf(own(options.checks), documents, scope, reading, look, measured);
    if (saved) refuseMovedPlan(saved, now);
    // The steps of the file, with what the guards find today.
    const shown = saved ? { ...saved.plan, findings: now.findings } : now;
    const { node } = options;
    const from = observer.kept && keptText(observer.kept, Date.now());
    if (node !== undefined) requireNode(shown, node);
    if (options.format === 'md') {
      const apply = applyCommand(shown, options.out ?? saved?.file, documents.chosen?.via);
      const sections = earlier
        ? [markdownPlanChanges(comparePlans(earlier.before, shown), { ...earlier, after: shown })]
        : [];
      console.print(
        renderPlanMarkdown(shown, {
          from: releasesIn(reading.facts),
          apply,
          sections,
          verbose: console.look.verbose,
          ...(from !== undefined && { kept: from }),
        }),
      );
    } else if (earlier) showChanges(console, { ...earlier, after: shown }, isDocument);
    else if (options.output === 'json') emitPlan(console, shown, releasesIn(reading.facts));
    else if (node === undefined) console.print(renderPlan(shown, console.look, from));
    else console.print(renderNodePlan(shown, node, console.look, from));
    if (options.out !== undefined) await save(options.out, `${JSON.stringify(shown, null, 1)}\n`);
    if (console.output === 'json') showFindings(console, shown);
    requireNoRefusal(shown);
    if (hasChanges(shown) && !kept && !isDocument) await showRehearsal(console, stateDir(options), shown, measured);
    return options.detailedExitcode === true && hasChanges(shown) ? 6 : 0;
  });
}

async function earlierPlan(file: string | undefined, { inventory }: Documents) {
  if (file === undefined) return undefined;
  return { file, before: await readEarlierPlan(file, inventory.value.cluster) };
}

type Compared = Parameters<typeof renderPlanChanges>[1];

/** What is refused is shown also where it is not new: it decides the exit code. */
function showChanges(console: Console, compared: Compared, isDocument: boolean): void {
  const changes = comparePlans(compared.before, compared.after);
  if (isDocument) console.print(`${JSON.stringify(changes)}\n`);
  else console.print(renderPlanChanges(changes, compared, console.look));
  console.print(renderFindings(compared.after, console.look).refused, process.stderr);
}

/** @throws Failure (usage) for options that ask for two forms at once */
function requireOneForm({ format, output, node, against }: Options): void {
  if (against !== undefined && node !== undefined)
    throw new Failure('usage', '--against compares whole plans, --node shows one node', ['Leave out one of them.']);
  if (format === undefined || (output !== 'json' && node === undefined)) return;
  const other = node === undefined ? '--output json' : '--node';
  throw new Failure('usage', `--format ${format} and ${other} are two forms of a plan`, ['Leave out one of them.']);
}

/** @throws Failure (usage) for a node that the plan does not have */
function requireNode({ nodes }: Plan, name: string): void {
  if (nodes.some((node) => node.name === name)) return;
  throw new Failure('usage', `--node: the plan has no node ${name}`, [
    `Its nodes: ${namesText(nodes.map((node) => node.name))}`,
  ]);
}

/** For its owner alone, also where the file was there before. What is no file (/dev/stdout) keeps its mode. */
async function save(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      if ((await handle.stat()).isFile()) await handle.chmod(0o600);
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new Failure('usage', `cannot write ${file}: ${messageOf(error)}`);
  }
}
