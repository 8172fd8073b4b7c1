/** Files that apt and dpkg lock while they work. */
export const APT_LOCKS =
  '/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock';

/** What `apt-get update` alone needs. */
export const APT_LISTS_LOCK = '/var/lib/apt/lists/lock';

/** Files in which dnf 4 and yum write their process id while they work, and those that rpm and dnf 5 lock. */
export const RPM_LOCKS =
  '/var/lib/dnf/rpmdb_lock.pid /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid /var/run/yum.pid /run/dnf/rpmtransaction.lock /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock';

/**
 * A shell function: `lock_holder FILE...` prints `PID (COMMAND) holds FILE` of the first one that is locked, nothing where none is.
 * Without lsof or fuser: the kernel's list of locks has the inode, and the holder must have just that file open (inodes repeat
 * between file systems).
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
      *.pid) case $command in *dnf* | *yum* | *packagekit*) ;; *) continue ;; esac ;;
      *) ls -l "/proc/$pid/fd" 2>/dev/null | grep -Fq -- "-> $lock" || continue ;;
      esac
      printf '%s (%s) holds %s\\n' "$pid" "\${command% }" "$lock"
      return 0
    done
  done
}`;
