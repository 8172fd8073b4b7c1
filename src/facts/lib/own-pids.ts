/**
 * POSIX sh: `own_pids NAME` prints the processes of that name that are of the static pod NAME, or of the systemd unit
 * of that name, and fails where there are none; a host sees those of every container. A process is told by its
 * cgroup. The kubelet gives a static pod a hash for its UID (applyDefaults in pkg/kubelet/config/common.go: 32 digits
 * without a dash), the API server gives every other pod a UUID; the name of the pod is in its folder of logs. Where a
 * kubelet makes no cgroups for pods, the container runtime is asked which containers are the pod's.
 */
export const OWN_PIDS = `own_pids() {
  own=
  for one in $(pidof "$1" 2>/dev/null || pgrep -x "$1" 2>/dev/null); do
    group=$(cat "/proc/$one/cgroup" 2>/dev/null)
    uid=$(printf '%s\\n' "$group" | sed -n 's/.*pod\\([0-9a-f_-]\\{32,36\\}\\).*/\\1/p' | head -n 1)
    case $uid in
    *[_-]*) ;;
    ?*) if static_pod "$1" "$uid"; then own="$own $one"; fi ;;
    *) if in_unit "$1" || in_container "$1"; then own="$own $one"; fi ;;
    esac
  done
  [ -n "$own" ] && printf '%s\\n' "\${own# }"
}
static_pod() {
  [ -d /var/log/pods ] || return 0
  for folder in /var/log/pods/*_"$2"; do
    [ -d "$folder" ] || return 0
    case $folder in */kube-system_"$1"-*) return 0 ;; esac
  done
  return 1
}
in_unit() {
  case $group in */"$1".service*) return 0 ;; esac
  return 1
}
in_container() {
  command -v crictl >/dev/null 2>&1 || return 1
  for id in $(crictl ps -q --label io.kubernetes.pod.namespace=kube-system --label "io.kubernetes.container.name=$1" 2>/dev/null); do
    case $group in *"$id"*) return 0 ;; esac
  done
  return 1
}
`;
