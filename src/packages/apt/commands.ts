/** Files that apt and dpkg lock while they work. */
export const LOCKS =
  '/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock';

/** What `apt-get update` alone needs. */
export const LISTS_LOCK = '/var/lib/apt/lists/lock';

/**
 * Waits for the holder of dpkg's lock (apt names it) instead of failing, in seconds; and retries a fetch with growing
 * pauses (1, 2, 4 ... 30 s from apt 2.3 on), so that a network that is gone for a minute does not fail the step.
 */
export const PATIENCE = '-o DPkg::Lock::Timeout=300 -o Acquire::Retries=7';

/** Refreshes lists; options before the verb. A fetch that fails for a passing reason also fails (apt >= 2.1.15). */
export const UPDATE = `apt-get -q ${PATIENCE} -o APT::Update::Error-Mode=any`;

/** Changes packages without a question; the verb follows. A conffile that was changed by hand stays as it is. */
export const CHANGE = `apt-get -y -q ${PATIENCE} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold`;

/** debconf, dpkg, ucf, apt-listchanges ask nothing; needrestart restarts nothing. A signal must not lose holds. */
export const SETTINGS = `set -u
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1
trap ':' HUP INT TERM`;

/** apt refuses to do anything as long as a package is half configured. */
export const FINISH = `wait_unlocked || exit
if [ -n "$(dpkg --audit)" ]; then
  echo 'dpkg was interrupted earlier: finishing that first' >&2
  dpkg --force-confdef --force-confold --configure -a || {
    rc=$?
    echo 'a package that was left half configured cannot be finished: nothing else was changed' >&2
    exit "$rc"
  }
fi`;
