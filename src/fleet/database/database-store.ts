import type { ClientBase, Pool } from 'pg';
import { z } from 'zod';
import { Failure } from '../../failure.ts';
import { type FleetRequest, fleetRequestSchema } from '../book.ts';
import { type FleetPlan, parseFleetPlan } from '../plan.ts';
import { type FleetNews, type FleetRecord, fleetRecordSchema } from '../record.ts';
import { inTransaction } from './pool.ts';
import { SCHEMA } from './tables.ts';

/** A fleet run as the database has it at one moment. */
export interface View {
  readonly plan: FleetPlan;
  readonly records: readonly FleetRecord[];
  /** Given, and not taken yet. */
  readonly requests: readonly FleetRequest[];
  /** Milliseconds since 1970, of the database's clock: the only one that all machines share. */
  readonly now: number;
}

/** What is made of it. */
export interface Change<T> {
  readonly news: readonly FleetNews[];
  /** Whether the requests are part of the news. */
  readonly takesRequests?: boolean;
  readonly result: T;
}

export interface NewRun {
  readonly run: string;
  readonly plan: FleetPlan;
  /** Frozen plans of its clusters, as text. */
  readonly plans: readonly { readonly digest: string; readonly text: string }[];
  readonly approve: readonly string[];
  /** The workflow that drives it. */
  readonly workflow: string;
}

/** Fleet runs in a database. A run is changed by one process at a time, over all machines. */
export class DatabaseFleetStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Ids, newest first. */
  async runs(): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ run: string }>(
      `SELECT run FROM ${SCHEMA}.runs ORDER BY created_at DESC, run DESC`,
    );
    return rows.map(({ run }) => run);
  }

  /** @throws Failure (usage) where there is no such run, or it is damaged */
  async read(run: string): Promise<View> {
    return inTransaction(this.#pool, async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      return viewOf(client, run, '');
    });
  }

  /** Keeps what `decide` makes of a run, whole or not at all. */
  async change<T>(run: string, decide: (view: View) => Change<T>): Promise<T> {
    return inTransaction(this.#pool, async (client) => changeRun(client, run, decide));
  }

  /** The workflow that drives a run now. */
  async driverOf(client: ClientBase | Pool, run: string): Promise<string> {
    const { rows } = await client.query<{ workflow: string }>(`SELECT workflow FROM ${SCHEMA}.runs WHERE run = $1`, [
      run,
    ]);
    const [row] = rows;
    if (!row) throw noRun(run);
    return row.workflow;
  }

  /** Steps of the runbook that were approved as the run was started. */
  async approvedIn(run: string): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ approve: string[] }>(
      `SELECT approve FROM ${SCHEMA}.runs WHERE run = $1`,
      [run],
    );
    return rows[0]?.approve ?? [];
  }

  /** Those of these runs that someone cancelled. */
  async cancelled(runs: readonly string[]): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ run: string }>(
      `SELECT run FROM ${SCHEMA}.runs WHERE cancelled AND run = ANY($1)`,
      [runs],
    );
    return rows.map(({ run }) => run);
  }

  /** The frozen plan of a cluster. @throws Failure (usage) where the database does not have it */
  async plan(digest: string): Promise<string> {
    const { rows } = await this.#pool.query<{ text: string }>(`SELECT text FROM ${SCHEMA}.plans WHERE digest = $1`, [
      digest,
    ]);
    const [row] = rows;
    if (!row) throw new Failure('usage', `the database does not have the plan with digest ${digest}`);
    return row.text;
  }

  async keepPlan(digest: string, text: string): Promise<void> {
    await keepPlans(this.#pool, [{ digest, text }]);
  }

  /** Notes that a worker takes a cluster. @returns whether another one had it before */
  async take(run: string, cluster: string, worker: string): Promise<boolean> {
    await this.#pool.query(`INSERT INTO ${SCHEMA}.takes VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
      run,
      cluster,
      worker,
    ]);
    const { rowCount } = await this.#pool.query(
      `SELECT FROM ${SCHEMA}.takes WHERE run = $1 AND cluster = $2 AND worker <> $3`,
      [run, cluster, worker],
    );
    return (rowCount ?? 0) > 0;
  }
}

/** Keeps a new run, in a transaction of the caller's. */
export async function insertRun(client: ClientBase, { run, plan, plans, approve, workflow }: NewRun): Promise<void> {
  await keepPlans(client, plans);
  await client.query(`INSERT INTO ${SCHEMA}.runs (run, plan, approve, workflow) VALUES ($1, $2, $3, $4)`, [
    run,
    JSON.stringify(plan),
    approve,
    workflow,
  ]);
}

/** {@link DatabaseFleetStore.change}, in a transaction of the caller's. */
export async function changeRun<T>(client: ClientBase, run: string, decide: (view: View) => Change<T>): Promise<T> {
  const view = await viewOf(client, run, 'FOR UPDATE');
  const { news, takesRequests, result } = decide(view);
  const at = new Date(view.now).toISOString();
  const records = news.map((one) => JSON.stringify({ ...one, at }));
  if (records.length > 0)
    await client.query(
      `INSERT INTO ${SCHEMA}.records SELECT $1, $2 + n, record::jsonb FROM unnest($3::text[]) WITH ORDINALITY AS t (record, n)`,
      [run, view.records.length - 1, records],
    );
  if (takesRequests === true && view.requestIds.length > 0)
    await client.query(`UPDATE ${SCHEMA}.requests SET taken = true WHERE id = ANY($1)`, [view.requestIds]);
  if (news.some(({ type }) => type === 'cancelled'))
    await client.query(`UPDATE ${SCHEMA}.runs SET cancelled = true WHERE run = $1`, [run]);
  return result;
}

async function keepPlans(client: ClientBase | Pool, plans: NewRun['plans']): Promise<void> {
  for (const { digest, text } of plans)
    await client.query(`INSERT INTO ${SCHEMA}.plans VALUES ($1, $2) ON CONFLICT DO NOTHING`, [digest, text]);
}

const recordsSchema = z.array(fleetRecordSchema);
const requestsSchema = z.array(fleetRequestSchema);

async function viewOf(
  client: ClientBase,
  run: string,
  lock: 'FOR UPDATE' | '',
): Promise<View & { readonly requestIds: readonly string[] }> {
  const runs = await client.query<{ plan: string; now: string }>(
    `SELECT plan, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now FROM ${SCHEMA}.runs WHERE run = $1 ${lock}`,
    [run],
  );
  const [row] = runs.rows;
  if (!row) throw noRun(run);
  const parsed = parseFleetPlan(row.plan);
  if ('problem' in parsed) throw new Failure('usage', `fleet run ${run}: ${parsed.problem}`);
  const records = await client.query<{ record: unknown }>(
    `SELECT record FROM ${SCHEMA}.records WHERE run = $1 ORDER BY seq`,
    [run],
  );
  const requests = await client.query<{ id: string; request: unknown }>(
    `SELECT id, request FROM ${SCHEMA}.requests WHERE run = $1 AND NOT taken ORDER BY id`,
    [run],
  );
  return {
    plan: parsed.plan,
    records: recordsSchema.parse(records.rows.map(({ record }) => record)),
    requests: requestsSchema.parse(requests.rows.map(({ request }) => request)),
    requestIds: requests.rows.map(({ id }) => id),
    now: Number(row.now),
  };
}

function noRun(run: string): Failure {
  return new Failure('usage', `the database has no fleet run ${run}`, ['`runbook fleet status` names those it has.']);
}
