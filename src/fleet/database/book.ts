import type { Pool } from 'pg';
import type { FleetBook, FleetDriver, FleetRequest, FleetRun, FleetVersion } from '../book.ts';
import { foldFleet } from '../state.ts';
import type { Operator } from './operator.ts';
import { DatabaseFleetStore, type View } from './database-store.ts';
import { DBOS_SCHEMA, SCHEMA } from './tables.ts';

/** The fleet runs of a database. */
export class DatabaseBook implements FleetBook {
  readonly #pool: Pool;
  readonly #store: DatabaseFleetStore;
  readonly #operator: Operator;

  constructor(pool: Pool, operator: Operator) {
    this.#pool = pool;
    this.#store = new DatabaseFleetStore(pool);
    this.#operator = operator;
  }

  runs(): Promise<readonly string[]> {
    return this.#store.runs();
  }

  async read(run: string): Promise<FleetRun> {
    const view = await this.#store.read(run);
    const { plan, records, requests } = view;
    return { run, plan, records, requests, driver: await this.#driverOf(run, view) };
  }

  async version(run: string): Promise<FleetVersion> {
    const { rows } = await this.#pool.query<{ kept: string; status: string | null }>(
      `SELECT concat_ws('-', workflow, status, executor_id, cancelled,
           (SELECT count(*) FROM ${SCHEMA}.records r WHERE r.run = runs.run),
           (SELECT string_agg(id::text, ',') FROM ${SCHEMA}.requests q WHERE q.run = runs.run AND NOT taken)) AS kept,
         status
       FROM ${SCHEMA}.runs LEFT JOIN ${DBOS_SCHEMA}.workflow_status ON workflow_uuid = workflow
       WHERE run = $1`,
      [run],
    );
    const [row] = rows;
    return { kept: row?.kept ?? 'none', isDriven: row?.status === 'PENDING' };
  }

  request(run: string, request: FleetRequest): Promise<void> {
    return this.#operator.request(run, request);
  }

  async #driverOf(run: string, { plan, records }: View): Promise<FleetDriver> {
    if (foldFleet(plan, records).ended) return { life: 'none', about: '' };
    const { rows } = await this.#pool.query<{ status: string; about: string | null }>(
      `SELECT status, about FROM ${SCHEMA}.runs JOIN ${DBOS_SCHEMA}.workflow_status ON workflow_uuid = workflow
         LEFT JOIN ${SCHEMA}.workers ON worker = executor_id
       WHERE run = $1`,
      [run],
    );
    const [row] = rows;
    if (row?.status !== 'PENDING') return { life: 'none', about: 'taken by no worker yet' };
    return { life: 'elsewhere', about: row.about ?? 'a worker that is gone; another one will take over' };
  }
}
