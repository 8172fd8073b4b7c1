import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { Failure } from '../../failure.ts';
import type { FleetBook } from '../../fleet/book.ts';
import { thisActor } from '../../fleet/embedded/driver.ts';
import { newFleetId, readFleetPlan } from '../../fleet/embedded/folder-store.ts';
import { type PlannedCluster, tooLong } from '../../fleet/make-plan.ts';
import { limitClusters } from '../../fleet/names.ts';
import { type FleetPlan, signedFleetPlan } from '../../fleet/plan.ts';
import { foldFleet } from '../../fleet/state.ts';
import { parsePlan, type Plan } from '../../plan/plan.ts';
import { checkUnaskedApprovals, requireKnownApprovals } from '../../run/approvals.ts';
import { type AtEnd, type Console, withConsole } from '../../run/console.ts';
import { confirm, requireAnswerable } from '../../run/control.ts';
import { loadValidRunbook } from '../../run/load.ts';
import { parsePlanDigest } from '../../run/plan-digest.ts';
import { driveHere } from './drive.ts';
import type { FleetDatabase } from './in-database.ts';
import { type ApplyOptions, databaseOf, openStore } from './options.ts';
import { plansIn, type PreparedFleet, prepareFleet, requireNoneRefused, showFleetPlan } from './prepare.ts';

/** Plans all clusters, asks once, keeps the plan, and drives it. */
export function fleetApply(fleet: string, runbook: string | undefined, options: ApplyOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    requireAnswerable(options.yes, 'runbook fleet apply', 'runbook fleet plan');
    const digest = parsePlanDigest(options.planDigest);
    const database = await databaseOf(console, atEnd, options);
    const book = database?.book ?? openStore(options);
    const saved = await savedFolder(fleet);
    const prepared = await (saved === undefined
      ? fresh(console, atEnd, fleet, runbook, options, database)
      : readSaved(saved, runbook, options));
    const { plan, planned, plans } = prepared;
    if (console.output !== 'json') showFleetPlan(console, prepared);
    requireNoneRefused(planned);
    if (!plan) throw new Failure('usage', 'no cluster of the fleet is in a stage: there is nothing to do');
    requireDigest(digest, plan);
    checkUnaskedApprovals(options.approve, plansOf(planned));
    await refuseUnfinished(book, plan.fleet.name);
    const changing = plan.clusters.filter(({ changes }) => changes > 0).length;
    if (options.yes !== true && changing > 0) await confirm(console, `Run this on ${changing} clusters?`);
    const { approve } = options;
    if (database) return startInDatabase(console, database, { plan, plans, approve });
    const store = openStore(options);
    const run = await store.create(plan, plans, { approve });
    return driveHere(console, atEnd, { store, run, plan });
  });
}

function plansOf(planned: readonly PlannedCluster[]): ReadonlyMap<string, Plan> {
  return new Map(planned.flatMap(({ name, plan }) => (plan ? [[name, plan] as const] : [])));
}

interface Start {
  readonly plan: FleetPlan;
  readonly plans: ReadonlyMap<string, string>;
  readonly approve: readonly string[];
}

/** Gives the run to the workers, and shows what they do. */
async function startInDatabase(
  console: Console,
  database: FleetDatabase,
  { plan, plans: files, approve }: Start,
): Promise<number> {
  if (isAbsolute(plan.runbook.file))
    throw new Failure('usage', `the plan was made on this machine: workers do not find ${plan.runbook.file}`, [
      'Plan again with --database: workers make the plans of their clusters.',
    ]);
  const run = newFleetId(plan);
  const plans = await Promise.all(
    plan.clusters.map(async ({ name, plan: digest }) => ({
      digest,
      text: await readFile(files.get(name) ?? '', 'utf8'),
    })),
  );
  const by = thisActor();
  await database.operator.start({ run, plan, plans, approve }, [{ type: 'fleet-started', run, plan: plan.digest, by }]);
  const { followInDatabase } = await import('./in-database.ts');
  return followInDatabase(console, database, run, plan);
}

/** The folder of a saved fleet plan; undefined: it is a fleet.yaml. */
async function savedFolder(argument: string): Promise<string | undefined> {
  if ((await stat(argument).catch(() => undefined))?.isDirectory() === true) return argument;
  return argument.endsWith('.json') ? dirname(argument) : undefined;
}

async function fresh(
  console: Console,
  atEnd: AtEnd,
  fleet: string,
  runbook: string | undefined,
  options: ApplyOptions,
  database: FleetDatabase | undefined,
): Promise<PreparedFleet> {
  if (runbook === undefined)
    throw new Failure('usage', 'which runbook? `runbook fleet apply FLEET RUNBOOK`', [
      'Only a saved plan, a folder made by `runbook fleet plan -o`, has its runbook with it.',
    ]);
  if (options.approve.length > 0)
    requireKnownApprovals(options.approve, (await loadValidRunbook(console, runbook)).value);
  const folder = await mkdtemp(join(tmpdir(), 'runbook-fleet-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return prepareFleet(console, fleet, runbook, folder, options, database);
}

/** @throws Failure (document) where a plan is damaged, or not the one that the fleet's plan names */
async function readSaved(folder: string, runbook: string | undefined, options: ApplyOptions): Promise<PreparedFleet> {
  if (runbook !== undefined || (options.set ?? []).length > 0 || (options.override ?? []).length > 0)
    throw new Failure(
      'usage',
      'a saved plan is applied as it is: the runbook, --set and --override belong to `runbook fleet plan`',
    );
  const whole = await readFleetPlan(join(folder, 'fleet-plan.json'));
  const plan = options.limit === undefined ? whole : limited(whole, options.limit);
  const long = tooLong(plan, Date.now());
  const plans = plansIn(
    folder,
    plan.clusters.map(({ name }) => name),
  );
  const planned = await Promise.all(
    plan.clusters.map(async ({ name, site, from, plan: digest }): Promise<PlannedCluster> => {
      const file = plans.get(name) ?? '';
      const read = parsePlan(await readFile(file, 'utf8').catch(() => ''));
      if ('problem' in read) throw new Failure('document', `${file}: ${read.problem}`);
      if (read.plan.digest !== digest)
        throw new Failure('document', `${file} is another plan than that of ${name} in the fleet's plan`);
      const refusals = read.plan.findings.flatMap((one) => (one.severity === 'refuse' ? [one.summary] : []));
      const all = [...refusals, ...[long.get(name)].filter((why) => why !== undefined)];
      return { name, site, from, plan: read.plan, refusals: all, code: all.length > 0 ? 3 : 0 };
    }),
  );
  return { plan, plans, planned };
}

/** Without clusters that are left out; budgets stay as they were planned. */
function limited(plan: FleetPlan, pattern: string): FleetPlan {
  const kept = new Set(
    limitClusters(
      plan.clusters.map(({ name }) => name),
      pattern,
    ),
  );
  const { digest: _digest, version: _version, ...content } = plan;
  return signedFleetPlan({
    ...content,
    clusters: plan.clusters.filter(({ name }) => kept.has(name)),
    stages: plan.stages.flatMap((stage) => {
      const clusters = stage.clusters.filter((name) => kept.has(name));
      return clusters.length === 0 ? [] : [{ ...stage, clusters }];
    }),
  });
}

function requireDigest(known: string | undefined, { digest }: FleetPlan): void {
  if (known === undefined || known === digest) return;
  throw new Failure(
    'guard-refused',
    'the plan of the fleet is not the one that --plan-digest names; nothing was changed',
    [`--plan-digest: ${known}`, `the plan:      ${digest}`],
  );
}

/** @throws Failure (unfinished-run) that names the commands which continue or end it */
async function refuseUnfinished(store: FleetBook, fleet: string): Promise<void> {
  for (const run of await store.runs()) {
    const { plan, records } = await store.read(run);
    const { ended } = foldFleet(plan, records);
    if (plan.fleet.name !== fleet || records.length === 0 || ended) continue;
    throw new Failure('unfinished-run', `fleet run ${run} of ${fleet} is not over`, [
      `Continue it: runbook fleet resume ${run}`,
      `Or end it: runbook fleet cancel --run ${run} --reason TEXT`,
    ]);
  }
}
