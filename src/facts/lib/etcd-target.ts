import type { Facts } from '../facts.ts';
import { etcdVersionOf, shippedEtcd } from './etcd-releases.ts';
import { listedTag } from './listed-images.ts';

/** The etcd that a release would run here, and how that is known. */
export interface EtcdOfRelease {
  readonly version: string;
  /** `pinned` by etcd.local.imageTag; listed by the release's own kubeadm; or by our table, a lower bound. */
  readonly by: 'pin' | 'kubeadm' | 'table';
}

export function etcdOfRelease(facts: Facts, release: string): EtcdOfRelease | undefined {
  const pinned = etcdVersionOf(facts.cluster?.kubeadmConfig?.etcd?.imageTag);
  if (pinned !== undefined) return { version: pinned, by: 'pin' };
  const listed = etcdVersionOf(listedTag(facts, release, 'etcd'));
  if (listed !== undefined) return { version: listed, by: 'kubeadm' };
  const version = shippedEtcd(release)?.atLeast;
  return version === undefined ? undefined : { version, by: 'table' };
}
