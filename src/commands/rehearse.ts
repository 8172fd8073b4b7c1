import { type Command, InvalidArgumentError, Option } from 'commander';
import type { FactsDocument } from '../facts-file/document.ts';
import { Failure, messageOf } from '../failure.ts';
import { makeRoomToSimulate } from '../heap.ts';
import { measuredOn } from '../journal/durations.ts';
import { RunStore } from '../journal/store.ts';
import { programVersion } from '../package-root.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { rehearseFaults } from '../rehearse/faults/rehearse-faults.ts';
import { type LabPackage, loadLab } from '../rehearse/lab-package.ts';
import { unasked } from '../rehearse/own-answers.ts';
import { type Performed, perform, type Script, startOf } from '../rehearse/perform.ts';
import { renderFaults } from '../render/faults.ts';
import type { Faults } from '../render/faults-data.ts';
import { renderRehearsal } from '../render/rehearsal.ts';
import { count } from '../render/text.ts';
import { type BoundOptions, parseBounds } from '../run/bounds.ts';
import { type AtEnd, type Console, withConsole } from '../run/console.ts';
import { readFacts } from '../run/facts.ts';
import { readKept } from '../run/kept-inventory.ts';
import { type Documents, loadDocuments } from '../run/load.ts';
import {
  boundOptions,
  type CommonOptions,
  documentOptions,
  factsOption,
  overrideOption,
  type Run,
  stateDir,
} from '../run/options.ts';
import { requireWritable } from '../run/output-file.ts';
import { planOf, requireNoRefusal, showFindings } from '../run/plan.ts';
import { again } from '../run/plan-again.ts';
import { minorsOf, readAllFacts } from '../run/read-facts-file.ts';
import { keepRehearsal } from '../run/rehearsals.ts';
import { REPORT_FORMS, renderedReport, type ReportForm, reportFormOf } from '../run/report/form.ts';
import { writeReport } from '../run/report/write.ts';
import { refuseMovedPlan } from '../run/saved-plan.ts';
import { type Scope, scopeOf } from '../run/scope.ts';
import { type KeptFacts, openSource } from '../run/source.ts';
import { localZone } from '../time-zone.ts';

/** Of its screen, also on a wider terminal: tables of few columns are read better so. */
const COLUMNS = 80;

interface Options extends CommonOptions, BoundOptions {
  readonly out?: string;
  readonly format?: ReportForm;
  readonly faults?: boolean;
  readonly seed?: number;
}

export function define(command: Command, run: Run): void {
  const words = "a path, a file's name in ./runbooks, or a saved plan";
  boundOptions(factsOption(overrideOption(documentOptions(command.argument('<runbook.yaml | plan.json>', words)))))
    .option('-o, --out <file>', 'also write the report of the rehearsal, as `runbook report` makes it')
    .addOption(
      new Option('--format <form>', 'its form (else by the name of the file: .md, .json, .xml; else html)').choices(
        REPORT_FORMS,
      ),
    )
    .option('--faults', 'then again with each of a list of misfortunes: what it leaves, and how the run continues')
    .option('--seed <number>', 'with --faults: another choice of the nodes that are struck (else 1)', seedIn)
    .action((file: string, options: Options) => run(() => rehearse(file, options)));
}

/** The run itself on a simulated twin of the cluster: facts are read, and from then on nothing leaves this process. */
function rehearse(file: string, options: Options): Promise<number> {
  const isData = options.output === 'json';
  return withConsole(isData ? { ...options, output: 'plain' } : options, 'stderr', async (console, atEnd) => {
    if (options.format !== undefined && options.out === undefined) requireOneForm(options.format, isData);
    requireWholeRuns(options);
    if (options.out !== undefined) await requireWritable(options.out);
    const lab = await loadLab();
    makeRoomToSimulate();
    const given = await readKept(options, file);
    const documents = await loadDocuments(console, file, options, given);
    const scope = scopeOf(documents);
    const store = new RunStore(stateDir(options));
    const kept = given ?? (await factsNow(console, atEnd, documents, scope, store.root));
    const { observer, look } = await openSource(
      console,
      atEnd,
      { ...scope, inventory: documents.inventory, stateDir: store.root },
      kept,
    );
    // What was read just now has been shown.
    const quiet = given ? console : { ...console, emit: () => undefined };
    const reading = await readFacts(quiet, documents, observer, scope);
    const measured = await measuredOn(store, documents.inventory.value.cluster);
    const now = await planOf(unasked, documents, scope, reading, look, measured);
    if (documents.saved) refuseMovedPlan(documents.saved, now);
    const plan = documents.saved?.plan ?? now;
    if (now.findings.some(({ severity }) => severity === 'refuse')) showFindings(console, now);
    requireNoRefusal(now);
    const startsAt = startOf(plan, Date.now());
    console.info(
      `rehearsing ${count(stepsOfPlan(plan).length, 'step')} on a simulated twin of ${plan.inventory.cluster}; no node is changed`,
    );
    const script = {
      plan,
      inventory: documents.inventory.value,
      document: kept.document,
      ...(given && { file: given.file }),
      minors: minorsOf(documents, reading.facts),
      startsAt,
    };
    const performed = await perform(lab, {
      ...script,
      bounds: parseBounds(options, startsAt),
      onEvent: (event) => {
        if (event.type === 'phase-started') console.info(`phase ${event.phase}/${event.phases} ${event.name}`);
      },
    });
    const { outcome, reason, takes, at } = performed.data;
    const where = at && `${at.node} ${at.step}`;
    await keepRehearsal(store.root, plan, { outcome, reason, takes, ...(where !== undefined && { where }) }).catch(
      (error: unknown) =>
        console.warn('this rehearsal cannot be kept: `plan` and `apply` will not know of it', [messageOf(error)]),
    );
    const faults = options.faults === true ? await faultsOf(console, lab, script, performed, options) : undefined;
    await show(console, withFaults(performed, faults), again('apply', plan, store.root), options);
    return faults?.rows.some(({ ends }) => ends !== 'done') === true ? 1 : exitCode(outcome);
  });
}

/** @throws Failure (usage) for options that do not go together */
function requireWholeRuns({ faults, seed, until, maxNodes }: Options): void {
  if (seed !== undefined && faults !== true)
    throw new Failure('usage', '--seed belongs to --faults', ['Add --faults.']);
  if (faults === true && (until !== undefined || maxNodes !== undefined))
    throw new Failure('usage', '--faults tries whole runs: --until and --max-nodes pause them', [
      'Leave out one of them.',
    ]);
}

/** Undefined where the run does not even end well without a misfortune. */
async function faultsOf(
  console: Console,
  lab: LabPackage,
  { document, ...stage }: Omit<Script, 'bounds'>,
  { data }: Performed,
  { seed = 1 }: Options,
): Promise<Faults | undefined> {
  if (data.outcome !== 'done') {
    console.warn('no misfortune was tried: the run does not end well without any');
    return undefined;
  }
  console.info('trying misfortunes, each on a twin of its own');
  return rehearseFaults(
    { ...stage, lab, newWorld: (time) => time.run(lab.createTwin(document, { clock: time })) },
    seed,
    { onFault: ({ name, ends }, done, of) => console.info(`${done}/${of} ${name}: ends ${ends}`) },
  );
}

function withFaults({ data, report }: Performed, faults: Faults | undefined): Performed {
  return faults ? { data: { ...data, faults }, report: { ...report, faults } } : { data, report };
}

function seedIn(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(seed)) return seed;
  throw new InvalidArgumentError('It is a whole number from 0 on.');
}

/** The connections are closed before anything is simulated. */
async function factsNow(
  console: Console,
  atEnd: AtEnd,
  documents: Documents,
  scope: Scope,
  root: string,
): Promise<KeptFacts> {
  const { inventory } = documents;
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0)) await each();
  };
  atEnd(close);
  const nodes = inventory.value.nodes
    .filter(({ name, role }) => scope.nodes.includes(name) || role !== 'other')
    .map(({ name }) => name);
  const source = await openSource(
    console,
    (one) => closing.push(one),
    { inventory, nodes, minors: [], stateDir: root },
    undefined,
  );
  const document: FactsDocument = await readAllFacts(
    console,
    { ...source, own: () => unasked },
    { inventory, nodes, program: programVersion(), documents },
  );
  await close();
  return { file: 'the facts that were read', document, command: 'runbook rehearse' };
}

/** @throws Failure (usage) for a form that has no place to go */
function requireOneForm(format: ReportForm, isData: boolean): void {
  if (isData)
    throw new Failure('usage', `--format ${format} and --output json are two forms of a rehearsal`, [
      'Leave out one of them, or write the report into a file: -o FILE',
    ]);
  if (format === 'html' && process.stdout.isTTY)
    throw new Failure('usage', 'the report is a page for a browser, which a terminal cannot show', [
      'Write it into a file: -o rehearsal.html',
    ]);
}

async function show(
  console: Console,
  { data, report }: Performed,
  apply: string,
  { out, format, output }: Options,
): Promise<void> {
  const { columns, ...rest } = console.look;
  const look = { ...rest, columns: Math.min(COLUMNS, columns), zone: localZone() };
  const next = data.outcome === 'done' ? [apply] : [];
  if (output === 'json') console.print(`${JSON.stringify(data)}\n`);
  else if (format !== undefined && out === undefined) console.print(await renderedReport(report, format));
  else {
    console.print(renderRehearsal(data, next, look));
    if (data.faults) console.print(`\n${renderFaults(data.faults, look)}`);
  }
  if (out === undefined) return;
  await writeReport(out, await renderedReport(report, format ?? reportFormOf(out)));
  console.info(`wrote the report of the rehearsal to ${out}`);
}

/** As the run itself would end. */
function exitCode(outcome: Performed['data']['outcome']): number {
  switch (outcome) {
    case 'done':
    case 'paused':
      return 0;
    case 'refused':
      return 3;
    case 'failed':
    case 'stopped':
      return 1;
  }
}
