import type { Pool } from 'pg';
import { DBOS_SCHEMA, SCHEMA } from './tables.ts';
import type { Beat } from './watch.ts';

/** A worker, as it shows itself. */
export interface WorkerEntry {
  /** One process of it: what DBOS calls an executor. */
  readonly worker: string;
  readonly site: string;
  /** Its host, process and version, for people. */
  readonly about: string;
  /** Milliseconds between two of its beats. */
  readonly interval: number;
}

/** Hours after which the last trace of a worker that is gone is removed. */
const KEPT = 24;

/** Counts a worker's beat on; the first one registers it. */
export async function beat(pool: Pool, { worker, site, about, interval }: WorkerEntry): Promise<void> {
  await pool.query(
    `INSERT INTO ${SCHEMA}.workers (worker, site, about, interval_ms) VALUES ($1, $2, $3, $4)
     ON CONFLICT (worker) DO UPDATE SET beat = workers.beat + 1, since = now()`,
    [worker, site, about, interval],
  );
}

/** The worker ends: no one needs to wait until its counter has stood still. */
export async function signOff(pool: Pool, worker: string): Promise<void> {
  await pool.query(`DELETE FROM ${SCHEMA}.workers WHERE worker = $1`, [worker]);
}

export async function beats(
  pool: Pool,
): Promise<readonly (Beat & { readonly site: string; readonly about: string })[]> {
  await pool.query(`DELETE FROM ${SCHEMA}.workers WHERE since < now() - make_interval(hours => $1)`, [KEPT]);
  const { rows } = await pool.query<{
    worker: string;
    beat: string;
    interval_ms: number;
    site: string;
    about: string;
  }>(`SELECT worker, beat, interval_ms, site, about FROM ${SCHEMA}.workers`);
  return rows.map(({ worker, beat: count, interval_ms: interval, site, about }) => ({
    worker,
    beat: Number(count),
    interval,
    site,
    about,
  }));
}

/** Workers that DBOS has as the executors of workflows which are not over. */
export async function owners(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ executor_id: string }>(
    `SELECT DISTINCT executor_id FROM ${DBOS_SCHEMA}.workflow_status WHERE status = 'PENDING'`,
  );
  return rows.map(({ executor_id: worker }) => worker);
}
