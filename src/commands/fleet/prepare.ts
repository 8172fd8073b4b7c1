import { join, resolve } from 'node:path';
import type { Loaded } from '../../documents/model.ts';
import { checkInventories, type Fleet } from '../../documents/fleet.ts';
import { readInventory } from '../../documents/read.ts';
import { readFleet } from '../../documents/read-any.ts';
import { resolveRunbookPath } from '../../documents/runbook-path.ts';
import { hasErrors } from '../../documents/source.ts';
import { Failure, type FailureKind } from '../../failure.ts';
import { forecastFleet } from '../../fleet/forecast.ts';
import { makeFleetPlan, type PlannedCluster, targetOf, tooLong } from '../../fleet/make-plan.ts';
import { limitClusters } from '../../fleet/names.ts';
import { planClusters } from '../../fleet/plan-clusters.ts';
import type { FleetPlan } from '../../fleet/plan.ts';
import { PACKAGE_ROOT } from '../../package-root.ts';
import { stepsOfPlan } from '../../plan/all-steps.ts';
import { estimatePlan } from '../../plan/estimate.ts';
import { type FleetPlanRow, renderFleetPlan } from '../../render/fleet.ts';
import { count } from '../../render/text.ts';
import type { Console } from '../../run/console.ts';
import { showDiagnostics } from '../../run/load.ts';
import { type CommonOptions, stateDir } from '../../run/options.ts';
import type { FleetDatabase, PlanWishes } from './in-database.ts';
import { stoppable } from './signals.ts';

type Valid<T> = Loaded<T> & { readonly value: T };

/** A fleet plan with where the plans of its clusters are. */
export interface PreparedFleet {
  /** Undefined: no cluster has a plan. */
  readonly plan: FleetPlan | undefined;
  readonly plans: ReadonlyMap<string, string>;
  readonly planned: readonly PlannedCluster[];
}

/** @throws Failure (document) after it shows all problems, also of the inventories */
export async function loadValidFleet(console: Console, file: string, hasInventories = true): Promise<Valid<Fleet>> {
  const loaded = await readFleet(file);
  const { value } = loaded;
  const read = await Promise.all(
    (value?.clusters ?? []).map(async (one) => [one.name, await readInventory(one.file)] as const),
  );
  // Those of sites that this machine does not reach are with their workers.
  const found = value && hasInventories ? checkInventories(value, new Map(read)) : [];
  showDiagnostics(console, [...loaded.diagnostics, ...found]);
  if (!value || hasErrors(found)) throw new Failure('document', `${file} is not a valid fleet`);
  return { ...loaded, value };
}

async function planWith(
  console: Console,
  database: FleetDatabase,
  clusters: Fleet['clusters'],
  runbook: string,
  given: Pick<PlanWishes, 'folder' | 'stop'>,
  { set = [], override = [] }: CommonOptions,
): Promise<readonly PlannedCluster[]> {
  const { planByWorkers } = await import('./in-database.ts');
  return planByWorkers(console, database, clusters, runbook, { set, override, ...given });
}

/** Reads all clusters side by side, and makes their plans and that of the fleet. @param folder gets the plans */
export async function prepareFleet(
  console: Console,
  file: string,
  runbook: string,
  folder: string,
  options: CommonOptions,
  database?: FleetDatabase,
): Promise<PreparedFleet> {
  const path = resolveRunbookPath(runbook);
  if (!path.ok) {
    showDiagnostics(console, [path.diagnostic]);
    throw new Failure('document', `there is no runbook ${runbook}`);
  }
  const fleet = await loadValidFleet(console, file, database === undefined);
  const names = fleet.value.clusters.map(({ name }) => name);
  const kept = new Set(options.limit === undefined ? names : limitClusters(names, options.limit));
  const clusters = fleet.value.clusters.filter(({ name }) => kept.has(name));
  const planned = await stoppable((stop) => {
    if (console.output !== 'json') console.info(`reading ${count(clusters.length, 'cluster')}`);
    return database
      ? planWith(console, database, clusters, path.value, { folder, stop }, options)
      : planClusters(clusters, {
          program: [process.execPath, join(PACKAGE_ROOT, 'dist', 'cli.js')],
          runbook: resolve(path.value),
          options: [
            ...(options.set ?? []).flatMap((one) => ['--set', one]),
            ...(options.override ?? []).flatMap((one) => ['--override', one]),
          ],
          stateDir: resolve(stateDir(options)),
          folder,
          stop,
          onPlanned: () => undefined,
        });
  });
  const now = Date.now();
  const plan = makeFleetPlan({ fleet, inputs: inputsOf(options.set ?? []), planned, now });
  const long = plan ? tooLong(plan, now) : new Map<string, string>();
  return {
    plan,
    plans: plansIn(
      folder,
      planned.filter((one) => one.plan).map(({ name }) => name),
    ),
    planned: planned.map((one) => {
      const why = long.get(one.name);
      return why === undefined
        ? one
        : { ...one, refusals: [...one.refusals, why], code: one.code === 0 ? 3 : one.code };
    }),
  };
}

export function plansIn(folder: string, clusters: readonly string[]): ReadonlyMap<string, string> {
  return new Map(clusters.map((name) => [name, join(folder, 'clusters', name, 'plan.json')]));
}

function inputsOf(set: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    set.map((one) => {
      const at = one.indexOf('=');
      return [one.slice(0, at), one.slice(at + 1)];
    }),
  );
}

/** Prints the clusters and the stages; as JSON the plan with what is refused. */
export function showFleetPlan(console: Console, { plan, planned }: PreparedFleet): void {
  const rows = planned.map((one): FleetPlanRow => {
    const { name, site, from, refusals } = one;
    if (!one.plan) return { name, site, from, to: '', refusals };
    const changes = stepsOfPlan(one.plan).filter(({ predicted }) => predicted.outcome === 'change').length;
    return { name, site, from, to: targetOf(one.plan), changes, expected: estimatePlan(one.plan), refusals };
  });
  const forecast = plan ? forecastFleet(plan, Date.now()) : [];
  if (console.output === 'json') {
    const refused = rows.flatMap(({ name, refusals }) => (refusals.length > 0 ? [{ cluster: name, refusals }] : []));
    console.print(`${JSON.stringify({ plan: plan ?? null, refused, forecast: forecast.map(dated) })}\n`);
  } else console.print(renderFleetPlan(rows, plan, forecast, console.look));
}

function dated({ stage, from, to }: ReturnType<typeof forecastFleet>[number]) {
  return { stage, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

const KINDS: Readonly<Record<number, FailureKind>> = {
  2: 'document',
  3: 'guard-refused',
  4: 'locked',
  5: 'unreachable',
};

/** @throws Failure of the worst kind, where a cluster is refused or could not be planned */
export function requireNoneRefused(planned: readonly Pick<PlannedCluster, 'name' | 'refusals' | 'code'>[]): void {
  const refused = planned.filter(({ refusals, code }) => refusals.length > 0 || code !== 0);
  const [first] = refused;
  if (!first) return;
  // A document that is wrong is so for all; what cannot be reached may hide a refusal.
  const codes = refused.map(({ code }) => code);
  const worst = [2, 5, 4, 3].find((code) => codes.includes(code)) ?? 3;
  throw new Failure(
    KINDS[worst] ?? 'guard-refused',
    `${refused.length} of ${planned.length} clusters cannot be run; nothing was changed`,
    [
      ...refused.map(({ name, refusals }) => `${name}: ${refusals[0] ?? 'refused'}`),
      "Look at one with `runbook plan RUNBOOK -i INVENTORY`; `--limit '!NAME'` leaves it out.",
    ],
  );
}
