import { quote } from '../../transport/quote.ts';
import { waitUnlocked } from '../lib/lock.ts';
import type { Install, Script } from '../manager.ts';
import { CHANGE, FINISH, LOCKS, SETTINGS, UPDATE } from './commands.ts';

export function install({ wanted, held }: Install): Script {
  const words = wanted.map(({ name, revision }) => quote(`${name}=${revision}`)).join(' ');
  const names = held.map(quote).join(' ');
  return {
    commands: [
      ...(names === '' ? [] : [`apt-mark unhold ${names}`]),
      `apt-get install -y ${words}`,
      ...(names === '' ? [] : [`apt-mark hold ${names}`]),
    ],
    text: [SETTINGS, waitUnlocked(LOCKS), FINISH, refresh(wanted), change(words, names)].join('\n\n'),
  };
}

/** The lists may be older than the release (another patch of the same minor): refreshed where they do not know it. */
function refresh(wanted: Install['wanted']): string {
  const known = wanted.map(
    ({ name, revision }) => `apt-cache madison ${quote(name)} | grep -Fq ${quote(` ${revision} `)}`,
  );
  return `if ${known.join(' && ')}; then :; else
  ${UPDATE} update || echo 'apt-get update failed; continuing with the lists that are there' >&2
fi`;
}

function change(words: string, held: string): string {
  const unhold = held === '' ? '' : `apt-mark unhold ${held} || rc=$?\n`;
  return `rc=0
${unhold}if [ "$rc" -eq 0 ]; then
  ${CHANGE} install ${words} || rc=$?
fi
${held === '' ? '' : holdAgain(held)}exit "$rc"
`;
}

/**
 * A dpkg outlives the apt that was ended at a time limit, and no hold can be set while it works. No one else can
 * install meanwhile, so it is enough that a process that also outlives this script sets the holds right after.
 */
function holdAgain(held: string): string {
  const later = `${waitUnlocked(LOCKS)}
rounds=12
until wait_unlocked || [ "$rounds" -eq 0 ]; do rounds=$((rounds - 1)); done
apt-mark hold ${held}`;
  return `if [ "$rc" -ne 0 ] && [ -n "$(lock_holder ${LOCKS})" ]; then
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
