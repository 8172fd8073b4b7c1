import { OWN_PIDS } from './own-pids.ts';

/**
 * POSIX sh that finds etcd on a machine by its own files and processes, so that it works while no API server does.
 * After `etcd_find`: `kind` (pod, unit or none), `pid`. `etcd_setting NAME` prints a flag of etcd, `etcd_access` sets
 * `access`, `etcd_tool etcdctl|etcdutl` prints the path of a program: from the running etcd's own image, else the
 * machine's (registry.k8s.io/etcd has no shell, but its programs are static, and root reaches them through /proc).
 */
export const ETCD_SHELL = `${OWN_PIDS}etcd_find() {
  kind=none settings= manifests=/etc/kubernetes/manifests
  pid=$(own_pids etcd || true); pid=\${pid%% *}
  for found in "$manifests" /etc/kubernetes/runbook-restore-*; do
    [ -f "$found/etcd.yaml" ] || continue
    kind=pod settings=$(sed -n 's/^ *- *\\(--.*\\)/\\1/p' "$found/etcd.yaml" | tr -d "\\"'")
    return 0
  done
  text=$(systemctl cat etcd.service 2>/dev/null) || return 0
  [ -n "$text" ] || return 0
  kind=unit
  settings=$(printf '%s\\n' "$text" | grep -v '^ *#' | tr -s ' \\t\\\\' '\\n\\n\\n' | tr -d "\\"'")
  for found in $(printf '%s\\n' "$text" | sed -n 's/^EnvironmentFile=-\\{0,1\\}//p'); do
    [ -r "$found" ] && settings="$settings
$(tr -d "\\"'" < "$found")"
  done
  other=$(etcd_flag config-file)
  if [ -n "$other" ] && [ -r "$other" ]; then
    settings="$settings
$(sed -n 's/^ *\\([a-z-]*\\): */--\\1=/p' "$other" | tr -d "\\"'")"
  fi
  true
}
etcd_flag() { printf '%s\\n' "$settings" | sed -n "s/^--$1=//p; /^--$1\\$/{n;p;}" | head -n 1; }
etcd_setting() {
  word=$(etcd_flag "$1")
  if [ -z "$word" ]; then
    spelt=ETCD_$(printf '%s' "$1" | tr 'a-z-' 'A-Z_')
    word=$(printf '%s\\n' "$settings" | sed -n "s/^Environment=$spelt=//p; s/^$spelt=//p" | head -n 1)
  fi
  [ -z "$word" ] || printf '%s\\n' "$word"
}
etcd_api_flag() {
  for found in "$manifests" /etc/kubernetes/runbook-restore-*; do
    [ -f "$found/kube-apiserver.yaml" ] || continue
    sed -n "s/^ *- *--$1=//p" "$found/kube-apiserver.yaml" | head -n 1
    return 0
  done
}
etcd_access() {
  if [ "$kind" = none ]; then
    endpoint=$(etcd_api_flag etcd-servers)
    ca=$(etcd_api_flag etcd-cafile) cert=$(etcd_api_flag etcd-certfile) key=$(etcd_api_flag etcd-keyfile)
  else
    endpoint=$(etcd_setting listen-client-urls | tr , '\\n' | grep -E '127.0.0.1|\\[::1\\]|localhost' | head -n 1)
    [ -n "$endpoint" ] || endpoint=$(etcd_setting advertise-client-urls)
    ca=$(etcd_setting trusted-ca-file) cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt key=/etc/kubernetes/pki/etcd/healthcheck-client.key
    if [ ! -f "$cert" ]; then cert=$(etcd_api_flag etcd-certfile) key=$(etcd_api_flag etcd-keyfile); fi
    if [ -z "$cert" ] || [ ! -f "$cert" ]; then cert=$(etcd_setting cert-file) key=$(etcd_setting key-file); fi
  fi
  etcd_at "\${endpoint%%,*}"
}
etcd_at() {
  endpoint=$1 access="--endpoints=$1 --command-timeout=30s --dial-timeout=5s"
  case $endpoint in https://*) access="$access --cacert=$ca --cert=$cert --key=$key" ;; esac
}
etcd_tool() {
  if [ -n "$pid" ]; then
    for folder in /usr/local/bin /usr/bin; do
      if [ -x "/proc/$pid/root$folder/$1" ] && "/proc/$pid/root$folder/$1" version >/dev/null 2>&1; then
        echo "/proc/$pid/root$folder/$1"
        return 0
      fi
    done
  fi
  command -v "$1"
}
export ETCDCTL_API=3
`;
