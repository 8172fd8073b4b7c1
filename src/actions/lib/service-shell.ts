/** Seconds for which a service that was started is watched: one that cannot work mostly ends at once. */
const WATCHED = 5;

/** Lines of its journal that are shown of a service that ended. */
const LINES = 15;

/**
 * Shell functions. `property UNIT NAME` prints what `systemctl show` says. `started_at UNIT`: seconds since the epoch.
 * `restart_unit UNIT` and `start_unit UNIT` return 0 once it has been active for some seconds without being started
 * again; else they show the last lines of its journal. A unit that ends by itself (Type=oneshot) has to end well.
 */
export const serviceFunctions = `property() { TZ=UTC systemctl show "$1" -p "$2" 2>/dev/null | sed -n "s/^$2=//p" | head -n 1; }
started_at() {
  at=$(property "$1" ExecMainStartTimestamp)
  if [ -n "$at" ]; then date -u -d "$at" +%s; else echo 0; fi
}
ended() {
  echo "$1 $2: $(property "$1" ActiveState) ($(property "$1" SubState)), result $(property "$1" Result)" >&2
  if command -v journalctl >/dev/null 2>&1; then
    echo "the last lines of its journal:" >&2
    journalctl -u "$1" -n ${LINES} --no-pager -o cat >&2
  fi
  return 1
}
watch_unit() {
  process=$(property "$1" InvocationID)
  left=${WATCHED}
  while [ "$left" -gt 0 ]; do
    case $(property "$1" ActiveState) in
    active | reloading) ;;
    inactive) if [ "$(property "$1" Type)" = oneshot ] && [ "$(property "$1" Result)" = success ]; then return 0; fi; ended "$1" 'was started and ended'; return 1 ;;
    *) ended "$1" 'was started and does not run'; return 1 ;;
    esac
    if [ "$(property "$1" InvocationID)" != "$process" ] || [ "$(property "$1" NRestarts)" -gt 0 ] 2>/dev/null; then ended "$1" 'ended and was started again by systemd'; return 1; fi
    sleep 1
    left=$((left - 1))
  done
}
restart_unit() { systemctl restart "$1" || { ended "$1" 'cannot be restarted'; return 1; }; watch_unit "$1"; }
start_unit() { systemctl start "$1" || { ended "$1" 'cannot be started'; return 1; }; watch_unit "$1"; }`;
