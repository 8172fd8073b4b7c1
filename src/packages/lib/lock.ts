/**
 * Shell function: `lock_holder FILE...` prints `PID (COMMAND) holds FILE` of the first locked one, nothing if none is.
 * Without lsof or fuser: the kernel's list of locks has the inode, and the holder must have this very file open (inodes
 * repeat between file systems). A `.pid` file counts as long as any process has that id, whatever it is: so it does for
 * dnf 4 (lock.py, which then waits without a limit), yum (YumBase.doLock) and libzypp (ZYppFactory.cc).
 */
export const lockHolder = `lock_holder() {
  for lock in "$@"; do
    [ -e "$lock" ] || continue
    case $lock in
    *.pid) pids=$(head -n 1 "$lock" 2>/dev/null) ;;
    *)
      [ -r /proc/locks ] || continue
      inode=$(ls -i "$lock" 2>/dev/null | awk '{ print $1 }')
      pids=$(awk -v inode=":$inode" '$2 != "->" && substr($6, length($6) - length(inode) + 1) == inode { print $5 }' /proc/locks)
      ;;
    esac
    for pid in $pids; do
      [ "$pid" -gt 0 ] 2>/dev/null || continue
      command=$(tr '\\000\\n' '  ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c 1-120) || continue
      [ -n "$command" ] || continue
      case $lock in
      *.pid) ;;
      *) ls -l "/proc/$pid/fd" 2>/dev/null | grep -Fq -- "-> $lock" || continue ;;
      esac
      printf '%s (%s) holds %s\\n' "$pid" "\${command% }" "$lock"
      return 0
    done
  done
}`;

/**
 * Shell functions: `wait_unlocked` returns once no process holds these files. It names the holder at once and waits up
 * to five minutes for it; it never touches the lock itself. If another process takes a lock right after, the package
 * managers wait for it themselves.
 */
export function waitUnlocked(files: string): string {
  return `${lockHolder}
wait_unlocked() {
  left=300
  told=
  while :; do
    held=$(lock_holder ${files})
    [ -n "$held" ] || return 0
    if [ "$left" -eq 0 ]; then echo "giving up: after 5 minutes process $held still" >&2; return 100; fi
    if [ "$held" != "$told" ]; then echo "waiting up to 5 minutes: process $held" >&2; fi
    told=$held
    left=$((left - 1))
    sleep 1
  done
}`;
}
