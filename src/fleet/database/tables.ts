import type { ClientBase, Pool } from 'pg';
import type { Clock } from '../../engine/clock.ts';
import { Failure } from '../../failure.ts';
import { inTransaction } from './pool.ts';

/** The version of these tables; a reader refuses any other. */
const TABLES_VERSION = 1;
/** Of the tables here. */
export const SCHEMA = 'runbook';
/** Of DBOS's. */
export const DBOS_SCHEMA = 'runbook_dbos';
/** Milliseconds between two tries to get it. */
const RETRY = 200;
/** The key of the lock under which tables are made: any number that nothing else in this database uses. */
const KEY = 7_235_926_531;

/** What stands in the database, but for DBOS's own. Nothing of it is a secret, see docs/fleet.md. */
const TABLES = `
CREATE SCHEMA ${SCHEMA};
CREATE TABLE ${SCHEMA}.format (version integer NOT NULL);
INSERT INTO ${SCHEMA}.format VALUES (${TABLES_VERSION});
-- Frozen plans of clusters, by their digest.
CREATE TABLE ${SCHEMA}.plans (digest text PRIMARY KEY, text text NOT NULL);
-- workflow: the one that drives the run now. approve: steps of the runbook that are approved.
CREATE TABLE ${SCHEMA}.runs (
  run text PRIMARY KEY,
  plan text NOT NULL,
  approve text[] NOT NULL,
  workflow text NOT NULL,
  cancelled boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ${SCHEMA}.records (
  run text NOT NULL REFERENCES ${SCHEMA}.runs ON DELETE CASCADE,
  seq integer NOT NULL,
  record jsonb NOT NULL,
  PRIMARY KEY (run, seq)
);
CREATE TABLE ${SCHEMA}.requests (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run text NOT NULL REFERENCES ${SCHEMA}.runs ON DELETE CASCADE,
  request jsonb NOT NULL,
  taken boolean NOT NULL DEFAULT false
);
CREATE INDEX ON ${SCHEMA}.requests (run) WHERE NOT taken;
-- Which workers had a cluster of a run.
CREATE TABLE ${SCHEMA}.takes (
  run text NOT NULL REFERENCES ${SCHEMA}.runs ON DELETE CASCADE,
  cluster text NOT NULL,
  worker text NOT NULL,
  PRIMARY KEY (run, cluster, worker)
);
-- A worker counts its beat on while it lives. about: its host, process, version, for people.
CREATE TABLE ${SCHEMA}.workers (
  worker text PRIMARY KEY,
  site text NOT NULL,
  about text NOT NULL,
  interval_ms integer NOT NULL,
  beat bigint NOT NULL DEFAULT 0,
  since timestamptz NOT NULL DEFAULT now()
);
`;

/**
 * Makes the tables where there are none yet.
 * @throws Failure (usage) where another version of this program made them
 */
export async function requireTables(pool: Pool): Promise<void> {
  if ((await versionOf(pool)) === undefined)
    await inTransaction(pool, async (client) => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [KEY]);
      if (!(await hasTable(client, SCHEMA, 'format'))) await client.query(TABLES);
    });
  const version = await versionOf(pool);
  if (version === TABLES_VERSION) return;
  throw new Failure(
    'usage',
    `the tables in the database have version ${version ?? 'none'}, this runbook reads version ${TABLES_VERSION}`,
    ['Use the runbook that made them, on every machine, or another database.'],
  );
}

/**
 * Does what only one process at a time may do to the tables of a database. Who waits has no transaction open meanwhile:
 * an index that is made without locking its table would wait for that in turn.
 */
export async function exclusively(pool: Pool, clock: Clock, work: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [KEY]);
      if (rows[0]?.got === true) break;
      await clock.sleep(RETRY);
    }
    await work();
  } finally {
    // With its session, the lock is gone.
    client.release(true);
  }
}

/** Asks the catalog, not `to_regclass`: that may answer from before another transaction ended. */
export async function hasTable(client: ClientBase | Pool, schema: string, table: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = $2', [
    schema,
    table,
  ]);
  return rowCount === 1;
}

async function versionOf(pool: Pool): Promise<number | undefined> {
  if (!(await hasTable(pool, SCHEMA, 'format'))) return undefined;
  const { rows } = await pool.query<{ version: number }>(`SELECT version FROM ${SCHEMA}.format`);
  return rows[0]?.version;
}
