import { minorNumber } from './version.ts';

/**
 * Flags that `kubeadm upgrade` takes out of /var/lib/kubelet/kubeadm-flags.env, and out of no other file, by the one
 * minor of kubeadm that does so. A node whose kubeadm skips that minor keeps them. Sources: CHANGELOG-1.26
 * (kubernetes/kubernetes #112000), CHANGELOG-1.35 (#133778; taken out again in 1.36 by #135807).
 */
const cleaned: Readonly<Record<number, readonly string[]>> = {
  26: ['container-runtime'],
  35: ['pod-infra-container-image'],
};

export const KUBEADM_FLAGS = '/var/lib/kubelet/kubeadm-flags.env';

export function cleanedBy(kubeadm: string): readonly string[] {
  return cleaned[minorNumber(kubeadm) ?? 0] ?? [];
}

/** The minor of kubeadm that takes a flag out; undefined: none does. */
export function cleanerOf(flag: string): number | undefined {
  const found = Object.entries(cleaned).find(([, flags]) => flags.includes(flag));
  return found && Number(found[0]);
}
