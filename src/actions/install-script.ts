import { APT_LOCKS } from '../facts/lib/lock-holder.ts';
import { APT_INSTALL, APT_UPDATE } from './apt.ts';
import { waitUnlocked } from './package-lock.ts';
import { quote } from '../transport/quote.ts';
import type { StepScript } from './action.ts';

/** What is installed at which revision, and what is on hold before and after. */
export interface Install {
  /** A revision may be a pattern (`1.32.9-*`) where the repository could not be asked. */
  readonly wanted: readonly { readonly name: string; readonly revision: string }[];
  readonly held: readonly string[];
}

export function aptInstall({ wanted, held }: Install): StepScript {
  const words = wanted.map(({ name, revision }) => quote(`${name}=${revision}`)).join(' ');
  const names = held.map(quote).join(' ');
  return {
    commands: [
      ...(names === '' ? [] : [`apt-mark unhold ${names}`]),
      `apt-get install -y ${words}`,
      ...(names === '' ? [] : [`apt-mark hold ${names}`]),
    ],
    text: [SETTINGS, waitUnlocked('apt'), FINISH, refresh(wanted), change(words, names)].join('\n\n'),
  };
}

/** No question is asked by debconf, dpkg, ucf or apt-listchanges; needrestart restarts nothing. A signal must not leave the holds off. */
const SETTINGS = `set -u
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1
trap ':' HUP INT TERM`;

/** apt refuses to do anything as long as a package is half configured. */
const FINISH = `wait_unlocked || exit
if [ -n "$(dpkg --audit)" ]; then
  echo 'dpkg was interrupted earlier: finishing that first' >&2
  dpkg --force-confdef --force-confold --configure -a || {
    rc=$?
    echo 'a package that was left half configured cannot be finished: nothing else was changed' >&2
    exit "$rc"
  }
fi`;

/** The lists may be older than the release (another patch of the same minor): refreshed where they do not know it. */
function refresh(wanted: Install['wanted']): string {
  const known = wanted.map(
    ({ name, revision }) => `apt-cache madison ${quote(name)} | grep -Fq ${quote(` ${revision} `)}`,
  );
  return `if ${known.join(' && ')}; then :; else
  ${APT_UPDATE} update || echo 'apt-get update failed; going on with the lists that are there' >&2
fi`;
}

function change(words: string, held: string): string {
  const unhold = held === '' ? '' : `apt-mark unhold ${held} || rc=$?\n`;
  return `rc=0
${unhold}if [ "$rc" -eq 0 ]; then
  ${APT_INSTALL} ${words} || rc=$?
fi
${held === '' ? '' : holdAgain(held)}exit "$rc"
`;
}

/**
 * A dpkg outlives the apt that was ended at a time limit, and no hold can be set while it works. Nobody else can install anything
 * meanwhile either, so it is enough that somebody who outlives this script as well sets them right after.
 */
function holdAgain(held: string): string {
  const later = `${waitUnlocked('apt')}
rounds=12
until wait_unlocked || [ "$rounds" -eq 0 ]; do rounds=$((rounds - 1)); done
apt-mark hold ${held}`;
  return `if [ "$rc" -ne 0 ] && [ -n "$(lock_holder ${APT_LOCKS})" ]; then
  echo ${quote(`dpkg still works: on hold again as soon as it has ended: ${held}`)} >&2
  setsid sh -c ${quote(later)} </dev/null >/dev/null 2>&1 &
else
  apt-mark hold ${held} || {
    code=$?
    echo ${quote(`these are not on hold any more: ${held}`)} >&2
    [ "$rc" -ne 0 ] || rc=$code
  }
fi
`;
}
