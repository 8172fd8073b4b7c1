import type { ClientBase, Pool } from 'pg';
import { Failure, messageOf } from '../../failure.ts';
import { hideSecret } from '../../redact.ts';
import { type Address, DATABASE_VARIABLE } from './address.ts';
import { loadPg } from './packages.ts';

/** Milliseconds for a connection. */
const CONNECT = 10_000;
/** Connections of one process: DBOS listens on one and polls with half of them. */
const CONNECTIONS = 10;

export interface Database {
  readonly pool: Pool;
  /** For people. */
  readonly shown: string;
  readonly close: () => Promise<void>;
}

/**
 * Opens a database, and sees that it answers. The password is taken out of the environment, so that no process that
 * this one starts has it.
 * @throws Failure (unreachable) where it does not answer, or refuses the login
 */
export async function openDatabase(address: Address, warn: (text: string) => void): Promise<Database> {
  const pg = await loadPg();
  const password = decodeURIComponent(new URL(address.url).password);
  if (password !== '') hideSecret(password);
  for (const name of ['PGPASSWORD', DATABASE_VARIABLE]) delete process.env[name];
  const pool = new pg.Pool({
    connectionString: address.url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: 'runbook',
  });
  // An idle connection that was cut: the next query opens another one.
  pool.on('error', (error) => warn(`a connection to ${address.shown} was lost: ${messageOf(error)}`));
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw unreachable(address.shown, error);
  }
  return { pool, shown: address.shown, close: () => pool.end() };
}

export function unreachable(shown: string, error: unknown): Failure {
  return new Failure('unreachable', `the database ${shown} cannot be used: ${messageOf(error)}`, [
    'Is the server up, may this machine connect (pg_hba.conf), and is the password in PGPASSFILE or PGPASSWORD?',
  ]);
}

/** What one transaction does; it is rolled back where that throws. */
export async function inTransaction<T>(pool: Pool, work: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let problem: Error | undefined;
  // Without a listener, a connection that is cut between two queries would end the process.
  const onError = (error: Error): void => void (problem = error);
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => (problem ??= failure));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(problem);
  }
}
