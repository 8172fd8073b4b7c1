import { parse } from 'yaml';

/** What `kubeadm config images` takes from a ClusterConfiguration (cmd/kubeadm/app/images/images.go). */
export interface ImageSettings {
  readonly kubernetesVersion?: string;
  readonly imageRepository?: string;
  readonly dns?: Place;
  readonly etcd?: Place;
}

interface Place {
  readonly imageRepository?: string;
  readonly imageTag?: string;
}

interface Document extends Omit<ImageSettings, 'etcd'> {
  readonly kind?: string;
  readonly etcd?: { readonly local?: Place };
}

export function imageSettings(text: string): ImageSettings {
  const { etcd, ...rest } = parse(text) as Document;
  return { ...rest, ...(etcd?.local ? { etcd: etcd.local } : {}) };
}

const REGISTRY = 'registry.k8s.io';

/** Another repository has CoreDNS at its top. */
export function imageIn(settings: ImageSettings, name: string, image: string): string {
  const own = name === 'coredns' ? settings.dns : name === 'etcd' ? settings.etcd : undefined;
  const repository = own?.imageRepository ?? settings.imageRepository ?? REGISTRY;
  const plain = repository === REGISTRY ? image : `${repository}/${image.replace(/^.*\//, '')}`;
  return own?.imageTag === undefined ? plain : plain.replace(/:[^:]*$/, `:${own.imageTag}`);
}
