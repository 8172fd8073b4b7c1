import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseAddress } from '../../../src/fleet/database/address.ts';
import { inTransaction, openDatabase } from '../../../src/fleet/database/pool.ts';
import { requireTables } from '../../../src/fleet/database/tables.ts';
import { beat, beats, signOff } from '../../../src/fleet/database/workers.ts';
import { openOf } from '../../postgres/database.ts';
import { havePostgres, type Postgres, startPostgres } from '../../postgres/postgres.ts';

describe.skipIf(!havePostgres)('tables in a real PostgreSQL', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  test('processes that come at the same time make them once, by a role without further rights', async () => {
    const databases = await Promise.all([openOf(postgres), openOf(postgres), openOf(postgres)]);
    await Promise.all(databases.map(({ pool }) => requireTables(pool)));
    const owner = postgres.run('psql', [
      '-At',
      '-d',
      'runbook',
      '-c',
      "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'runbook'",
    ]);
    expect(owner.trim()).toBe('runbook');
    await Promise.all(databases.map(({ close }) => close()));
  });

  test('tables of another version are refused', async () => {
    const { pool, close } = await openOf(postgres);
    await requireTables(pool);
    await pool.query('UPDATE runbook.format SET version = 99');
    await expect(requireTables(pool)).rejects.toThrow(
      'the tables in the database have version 99, this runbook reads version 1',
    );
    await pool.query('UPDATE runbook.format SET version = 1');
    await close();
  });

  test('a wrong password is a failure that does not show it', async () => {
    const address = databaseAddress(postgres.url(), { PGPASSWORD: 'not-the-password' });
    const opening = address && openDatabase(address, () => undefined);
    await expect(opening).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.not.stringContaining('not-the-password'),
    });
    await expect(opening).rejects.toThrow(/cannot be used: password authentication failed/);
  });

  test('a worker counts, and is no more once it signs off', async () => {
    const { pool, close } = await openOf(postgres);
    await requireTables(pool);
    const entry = { worker: 'w1', site: 'eu', about: 'host, process 1', interval: 500 };
    await beat(pool, entry);
    await beat(pool, entry);
    expect(await beats(pool)).toEqual([{ ...entry, beat: 1 }]);
    await signOff(pool, 'w1');
    expect(await beats(pool)).toEqual([]);
    await close();
  });

  test('a restart in the middle of a transaction is an error of it, and the pool goes on', async () => {
    const { pool, close } = await openOf(postgres);
    const cut = inTransaction(pool, async (client) => {
      await client.query('SELECT 1');
      await postgres.restart();
      await client.query('SELECT 1');
    });
    await expect(cut).rejects.toThrow();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await close();
  });
});
