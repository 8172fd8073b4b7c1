import { onNode } from '../packages/registry.ts';
import type { Fact } from './fact.ts';

/** Keyrings that the Kubernetes package sources name; empty where nothing on the node can read them. */
export interface RepositoryKeysFact {
  /** Seconds since the epoch, by the node's clock. */
  readonly now?: number;
  readonly keyrings: readonly {
    readonly file: string;
    /** `expires` in seconds since the epoch; undefined: never. */
    readonly keys: readonly { readonly id: string; readonly expires?: number }[];
  }[];
}

/**
 * The keyrings that Kubernetes package sources name, and when their keys expire. gpg creates its home folder where it
 * runs: here a temporary one. Managers that keep keys in their package database do not check expiry.
 */
export const repositoryKeys: Fact<RepositoryKeysFact> = {
  command: 'gpg --show-keys --with-colons KEYRING',
  remedy: 'Try it there by hand.',
  script: () =>
    `printf 'now: %s\\n' "$(date +%s)"
command -v gpg >/dev/null 2>&1 || exit 0
home=$(mktemp -d 2>/dev/null) || exit 0
${onNode(({ keyrings }) => keyrings ?? ':')}
rm -rf "$home"
true`,
  parse: parseRepositoryKeys,
};

function parseRepositoryKeys(output: string): RepositoryKeysFact {
  const now = Number(/^now: (\d+)$/m.exec(output)?.[1] ?? Number.NaN);
  const keyrings = output
    .split(/^keyring: /m)
    .slice(1)
    .map((part) => ({
      file: part.slice(0, part.indexOf('\n')).trim(),
      keys: part.split('\n').flatMap((line) => {
        const fields = line.split(':');
        if (fields[0] !== 'pub') return [];
        const expires = timeOf(fields[6] ?? '');
        return [{ id: fields[4] ?? '', ...(expires === undefined ? {} : { expires }) }];
      }),
    }));
  return { ...(Number.isNaN(now) ? {} : { now }), keyrings };
}

/** Seconds since the epoch, or ISO 8601 (`20261229T000000`) as of some versions (GnuPG's doc/DETAILS, field 7). */
function timeOf(field: string): number | undefined {
  if (/^\d+$/.test(field)) return Number(field);
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)$/.exec(field) ?? [];
  if (year === undefined) return undefined;
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) / 1000;
}
