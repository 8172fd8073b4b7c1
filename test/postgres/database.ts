import { databaseAddress } from '../../src/fleet/database/address.ts';
import { type Database, openDatabase } from '../../src/fleet/database/pool.ts';
import type { Postgres } from './postgres.ts';

/** Its database, as the program opens it. @param port of a proxy */
export function openOf(postgres: Postgres, port?: number): Promise<Database> {
  const address = databaseAddress(postgres.url(port), { PGPASSWORD: postgres.password });
  if (!address) throw new Error('no address');
  return openDatabase(address, () => undefined);
}
