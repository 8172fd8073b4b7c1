import { Failure } from '../../failure.ts';

/** The variable that names the database where no option does. */
export const DATABASE_VARIABLE = 'RUNBOOK_DATABASE';

/** Where a database is, and as whom to log in to it. */
export interface Address {
  /** With its password, where one was given. */
  readonly url: string;
  /** For people: without its password. */
  readonly shown: string;
  /** The password is in an argument, which every user of the machine can read. */
  readonly exposed: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The database that an option or the environment names; undefined: none. A password comes from the address, else from
 * PGPASSWORD; without either, `pg` looks into PGPASSFILE or ~/.pgpass.
 * @throws Failure (usage) where it is no address of a PostgreSQL database
 */
export function databaseAddress(option: string | undefined, env: Env): Address | undefined {
  const given = option ?? env[DATABASE_VARIABLE];
  if (given === undefined || given === '') return undefined;
  const called = option === undefined ? `$${DATABASE_VARIABLE}` : '--database';
  const url = parsed(given);
  // The text itself may hold a password.
  if (!url) throw new Failure('usage', `${called} is no address of a PostgreSQL database`, [FORM]);
  const exposed = option !== undefined && url.password !== '';
  const shown = new URL(url);
  shown.password = '';
  // A URL without a host has no room for a password; that of the socket is in `host`.
  if (url.hostname === '' && url.searchParams.has('host')) url.hostname = 'localhost';
  const { PGPASSWORD: password = '' } = env;
  if (url.password === '' && password !== '') url.password = encodeURIComponent(password);
  return { url: url.href, shown: shown.href, exposed };
}

const FORM =
  'It has the form postgres://USER@HOST:PORT/DATABASE; the password is read from PGPASSFILE (~/.pgpass) or PGPASSWORD.';

/** Also of a socket: `postgres:///runbook?host=/run/postgresql`. */
function parsed(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPostgres = url.protocol === 'postgres:' || url.protocol === 'postgresql:';
  return isPostgres && url.pathname.length > 1 ? url : undefined;
}
