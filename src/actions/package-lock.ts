import { APT_LISTS_LOCK, APT_LOCKS, lockHolder, RPM_LOCKS } from '../facts/lib/lock-holder.ts';

const LOCKS = { apt: APT_LOCKS, 'apt-lists': APT_LISTS_LOCK, rpm: RPM_LOCKS } as const;

/**
 * Shell functions: `wait_unlocked` returns once nobody holds the package manager's locks. It names the holder at once and waits for
 * it up to five minutes; the lock itself is never touched. What takes a lock right after is waited for by apt and dnf themselves.
 */
export function waitUnlocked(family: keyof typeof LOCKS): string {
  return `${lockHolder}
wait_unlocked() {
  left=300
  told=
  while :; do
    held=$(lock_holder ${LOCKS[family]})
    [ -n "$held" ] || return 0
    if [ "$left" -eq 0 ]; then echo "giving up: after 5 minutes process $held still" >&2; return 100; fi
    if [ "$held" != "$told" ]; then echo "waiting up to 5 minutes: process $held" >&2; fi
    told=$held
    left=$((left - 1))
    sleep 1
  done
}`;
}
