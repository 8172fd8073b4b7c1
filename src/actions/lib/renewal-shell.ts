import { STATIC_PODS } from '../../facts/lib/manifest-files.ts';
import { OWN_PIDS } from '../../facts/lib/own-pids.ts';
import { RENEWAL_MARK } from '../../facts/certificates.ts';

/**
 * Renews what kubeadm can sign, `expected` are its files, and restarts what uses them. The mark shows that renewed
 * certificates are not in use yet, and how they ended before; a reboot brings them into use and removes it. kubeadm
 * exits with 0 also where it signed nothing, so that the ends are compared before anything is restarted.
 */
export function renewalScript(expected: readonly string[]): string {
  return `set -u
expected='${expected.join(' ')}'
${OWN_PIDS}${SCRIPT}`;
}

const SCRIPT = `command -v pidof >/dev/null || { echo 'no pidof: what uses the certificates could not be restarted, so none was renewed' >&2; exit 1; }
end_of() {
  if command -v openssl >/dev/null 2>&1; then openssl x509 -noout -enddate; else cksum; fi
}
ends() {
  for file in $expected; do
    [ -r "$file" ] || continue
    case $file in
    *.conf) printf '%s %s\\n' "$file" "$(sed -n 's/^ *client-certificate-data: *//p' "$file" | head -n 1 | base64 -d | end_of)" ;;
    *) printf '%s %s\\n' "$file" "$(end_of <"$file")" ;;
    esac
  done
}
if [ ! -s ${RENEWAL_MARK} ]; then ends > ${RENEWAL_MARK} || exit; fi
kubeadm certs renew all || exit
old=$(ends | while IFS= read -r line; do if grep -qxF -- "$line" ${RENEWAL_MARK}; then printf ' %s' "\${line%% *}"; fi; done)
if [ -n "$old" ]; then
  echo "these end no later than before, so nothing was restarted:$old" >&2
  if [ "$(ends)" = "$(cat ${RENEWAL_MARK})" ]; then rm -f ${RENEWAL_MARK}; fi
  exit 1
fi
# ends a static pod's component, and waits until the kubelet has started it again; those of other pods are left alone
renew() {
  [ -f "/etc/kubernetes/manifests/$1.yaml" ] || return 0
  old=$(own_pids "$1") || { echo "no process of the static pod $1 runs"; return 0; }
  kill $old || return
  n=0
  while new=$(own_pids "$1"); [ -z "$new" ] || [ "$new" = "$old" ]; do
    n=$((n + 1))
    if [ "$n" -gt 180 ]; then echo "$1 was ended for its new certificates and did not come back within 3 minutes" >&2; return 1; fi
    sleep 1
  done
  echo "$1 runs with its new certificates"
}
for name in ${STATIC_PODS.join(' ')}; do renew "$name" || exit; done
rm -f ${RENEWAL_MARK}
echo 'copies of admin.conf (~/.kube/config, other machines) hold the old certificate: replace them'
`;
