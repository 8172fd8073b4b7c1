import { expect, test } from 'vitest';
import { databaseAddress } from '../../../src/fleet/database/address.ts';
import { Failure } from '../../../src/failure.ts';

test('the option comes before the variable, and neither is a fleet of this machine', () => {
  expect(databaseAddress(undefined, {})).toBeUndefined();
  expect(databaseAddress(undefined, { RUNBOOK_DATABASE: '' })).toBeUndefined();
  expect(databaseAddress(undefined, { RUNBOOK_DATABASE: 'postgres://a@db/fleet' })?.shown).toBe(
    'postgres://a@db/fleet',
  );
  expect(databaseAddress('postgres://b@db/fleet', { RUNBOOK_DATABASE: 'postgres://a@db/fleet' })?.shown).toBe(
    'postgres://b@db/fleet',
  );
});

test('what is shown of an address has no password, wherever that came from', () => {
  const inUrl = databaseAddress('postgres://ops:hunter2@db:5433/fleet?sslmode=verify-full', {});
  expect(inUrl).toMatchObject({ shown: 'postgres://ops@db:5433/fleet?sslmode=verify-full', exposed: true });
  const inEnv = databaseAddress('postgres://ops@db/fleet', { PGPASSWORD: 'p@ss/word' });
  expect(inEnv).toMatchObject({ url: 'postgres://ops:p%40ss%2Fword@db/fleet', shown: 'postgres://ops@db/fleet' });
  expect(inEnv?.exposed).toBe(false);
  expect(databaseAddress(undefined, { RUNBOOK_DATABASE: 'postgres://ops:hunter2@db/fleet' })?.exposed).toBe(false);
});

test('a socket is named by its folder', () => {
  const address = databaseAddress('postgres:///fleet?host=/run/postgresql', { PGPASSWORD: 'secret' });
  expect(address?.url).toBe('postgres://:secret@localhost/fleet?host=/run/postgresql');
});

test.each([
  'db.example.com',
  'mysql://ops:hunter2@db/fleet',
  'postgres://ops:hunter2@db',
  'postgres://ops:hunter2@db:x/y',
])('what is no address of a PostgreSQL database is refused without showing it (%s)', (text) => {
  const refused = () => databaseAddress(text, {});
  expect(refused).toThrow(Failure);
  expect(refused).toThrow('--database is no address of a PostgreSQL database');
  expect(refused).not.toThrow('hunter2');
});
