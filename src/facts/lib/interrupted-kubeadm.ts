import { STATIC_PODS } from './manifest-files.ts';

const tmp = '/etc/kubernetes/tmp';

/**
 * Prints the name and kubeadm's newest backup of each component whose manifest kubeadm had moved away and not yet
 * replaced when it was interrupted: the new one is still where kubeadm wrote it (phases/upgrade/staticpods.go:
 * upgradeComponent; its folder for new manifests is removed at kubeadm's end).
 */
export const interruptedScript = `for name in ${STATIC_PODS.join(' ')}; do
  [ -e /etc/kubernetes/manifests/$name.yaml ] && continue
  new=; old=
  for file in ${tmp}/kubeadm-upgraded-manifests*/$name.yaml; do [ -f "$file" ] && new=$file; done
  for file in ${tmp}/kubeadm-backup-manifests-*/$name.yaml; do [ -f "$file" ] && old=$file; done
  [ -n "$new" ] && [ -n "$old" ] && printf '%s %s\\n' "$name" "$old"
done`;

/** What an operator does about it. */
export function putBack(backup: string): string {
  return `cp -p ${backup} /etc/kubernetes/manifests/`;
}

/** Says it on stderr. */
export const interruptedHint = `{ ${interruptedScript}; } | while read -r name old; do
  printf 'kubeadm was interrupted here: /etc/kubernetes/manifests/%s.yaml is missing; put it back: ${putBack('%s')}\\n' "$name" "$old" >&2
done`;
