import { quote } from '../../transport/quote.ts';
import { waitUnlocked } from '../lib/lock.ts';
import { LOCKS, zypperFetchFunction } from './reading.ts';

/**
 * Shell function `zypp`: zypper without questions, which waits for the lock (ZYPP_LOCK_TIMEOUT: zypp.conf(5), seconds).
 * Its codes from 100 on are information, not errors (zypper(8), EXIT CODES): a reboot (102) or zypper restart (103) is
 * needed, another repository could not be refreshed (106). A name in no repository (104), an interrupt (105) and a
 * failed script (107) are failures here.
 */
export const SETTINGS = `set -u
export LC_ALL=C ZYPP_LOCK_TIMEOUT=300
trap ':' HUP INT TERM
${waitUnlocked(LOCKS)}
zypp() {
  zypper --non-interactive "$@"
  info=$?
  case $info in
  102 | 103) return 0 ;;
  106) echo 'a repository could not be refreshed: continuing without it' >&2; return 0 ;;
  *) return "$info" ;;
  esac
}`;

/**
 * Shell function `trust URL`: imports the repository's signing key, which the configuration names, into the database of
 * rpm, whose keys zypper trusts. zypper then accepts no other key: it never gets an option to import what it finds.
 * A key that is there already may be enough, so a key that cannot be fetched is no failure yet. `distrust` takes back
 * what was imported, as such a key may sign any package.
 */
export const TRUST = `${zypperFetchFunction}
trusted=$(rpm -qa 'gpg-pubkey*')
trust() {
  key=$(mktemp) || return
  if fetch "$1" "$key" && rpm --import "$key"; then :; else echo "the signing key $1 could not be imported; the keys that are there must do" >&2; fi
  rm -f "$key"
}
distrust() {
  for key in $(rpm -qa 'gpg-pubkey*'); do
    printf '%s\\n' "$trusted" | grep -Fqx "$key" || rpm -e "$key"
  done
}`;

/** The option that uses a section which is disabled in its file, for one call. */
export function enabling(ids: readonly string[]): string {
  return ids.map((id) => `--plus-content ${quote(id)} `).join('');
}

export function unlock(names: readonly string[]): string {
  return `zypper --non-interactive removelock ${names.map(quote).join(' ')}`;
}

export function lock(names: readonly string[]): string {
  return `zypper --non-interactive addlock ${names.map(quote).join(' ')}`;
}
