import { anonymousText, anonymousVersion } from './text.ts';
import type { Replacements } from './replacements.ts';

/** What a string is, and so what may stay of it. */
export type Kind = (text: string, names: Replacements) => string;

/** Of which nothing is known. */
export const text: Kind = anonymousText;
export const version: Kind = anonymousVersion;

/** No one chooses it: a name in a program, a time. */
export const keep: Kind = (value) => (/^[\w.:+-]*$/.test(value) ? value : '');

/** A name that a person or a controller gave. @param called what it is replaced by; `stay`: those that are Kubernetes' */
export function name(called: string, stay: readonly string[] = []): Kind {
  return (value, names) => (value === '' || stay.includes(value) ? value : names.of(value, called));
}

export const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export const hex: Kind = (value, names) => (value === '' ? '' : names.hex(value));

/** The names of kubeadm's own volumes. */
export const volume = name(
  'volume',
  'ca-certs etc-ca-certificates etc-pki etc-pki-ca-trust etc-pki-tls-certs flexvolume-dir k8s-certs kubeconfig usr-local-share-ca-certificates usr-share-ca-certificates etcd-certs etcd-data kube-proxy xtables-lock lib-modules config-volume'.split(
    ' ',
  ),
);

/** Of a mirror pod its component stays. */
export const pod: Kind = (value, names) => {
  const [, component, node = ''] = /^(etcd|kube-(?:apiserver|controller-manager|scheduler))-(.+)$/.exec(value) ?? [];
  return component === undefined ? names.of(value, 'pod') : `${component}-${names.of(node, 'node')}`;
};

const KEYS = new Set(
  `kubernetes.io/hostname kubernetes.io/os kubernetes.io/arch kubernetes.io/metadata.name kubernetes.io/config.seen kubernetes.io/config.source kubernetes.io/config.hash kubernetes.io/config.mirror
  beta.kubernetes.io/os beta.kubernetes.io/arch beta.kubernetes.io/instance-type node.kubernetes.io/instance-type node.kubernetes.io/exclude-from-external-load-balancers
  node.kubernetes.io/not-ready node.kubernetes.io/unreachable node.kubernetes.io/unschedulable node.kubernetes.io/memory-pressure node.kubernetes.io/disk-pressure node.kubernetes.io/pid-pressure node.kubernetes.io/network-unavailable node.cloudprovider.kubernetes.io/uninitialized
  node-role.kubernetes.io/control-plane node-role.kubernetes.io/master node-role.kubernetes.io/worker
  topology.kubernetes.io/zone topology.kubernetes.io/region failure-domain.beta.kubernetes.io/zone failure-domain.beta.kubernetes.io/region
  kubeadm.alpha.kubernetes.io/cri-socket kubeadm.kubernetes.io/component-config.hash kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint kubeadm.kubernetes.io/etcd.advertise-client-urls
  node.alpha.kubernetes.io/ttl volumes.kubernetes.io/controller-managed-attach-detach
  app.kubernetes.io/name app.kubernetes.io/instance app.kubernetes.io/version app.kubernetes.io/component app.kubernetes.io/part-of app.kubernetes.io/managed-by
  kubernetes.io/pvc-protection kubernetes.io/pv-protection kubernetes.io/psp
  k8s-app app component tier controller-revision-hash pod-template-generation pod-template-hash job-name batch.kubernetes.io/job-name statefulset.kubernetes.io/pod-name apps.kubernetes.io/pod-index foregroundDeletion orphan
  runbook/failed runbook/cordoned-by`.split(/\s+/),
);

/** Domains of Kubernetes in which a name may be anyone's. */
const DOMAINS = new Set([...KEYS].flatMap((key) => (key.includes('/') ? [key.slice(0, key.indexOf('/'))] : [])));

/** The key of a label, an annotation or a taint. */
export const labelKey: Kind = (value, names) => {
  if (value === '' || KEYS.has(value)) return value;
  const at = value.indexOf('/');
  if (at === -1) return names.of(value, 'label');
  const domain = value.slice(0, at);
  const known = DOMAINS.has(domain) ? domain : names.of(domain, 'host', (number) => `host-${number}.example`);
  return `${known}/${names.of(value.slice(at + 1), 'label')}`;
};

const VALUES = new Set([
  ...NAMESPACES,
  '',
  ...'true false linux windows amd64 arm64 etcd control-plane kube-apiserver kube-controller-manager kube-scheduler kube-proxy kube-dns coredns file api'.split(
    ' ',
  ),
]);

/** The value of a label or a taint: selectors find it again. A number stays, as it may be compared. */
export const labelValue: Kind = (value, names) =>
  VALUES.has(value) || /^\d{1,6}$/.test(value) ? value : names.of(value, 'value');

/** Of annotations, only those of Kubernetes are read by rules. */
export function annotationValue(key: string): Kind {
  return KEYS.has(key) ? text : name('value');
}

const controller = name('owner', ['kube-proxy', 'coredns']);

/** Of a ReplicaSet, the Deployment's name and the hash of its template, which is a label of its pods too. */
export const owner: Kind = (value, names) => {
  const [, deployment, hash] = /^(.+)-([a-z0-9]{5,10})$/.exec(value) ?? [];
  if (deployment === undefined || hash === undefined || value === 'kube-proxy') return controller(value, names);
  return `${controller(deployment, names)}-${labelValue(hash, names)}`;
};

const RESOURCES = /^(cpu|memory|pods|storage|ephemeral-storage|hugepages-\d+[KMG]i|(nvidia|amd|intel)\.com\/gpu)$/;

export const resource: Kind = (value, names) => (RESOURCES.test(value) ? value : labelKey(value, names));

const REGISTRIES = /^(registry\.k8s\.io|k8s\.gcr\.io|gcr\.io|quay\.io|docker\.io|ghcr\.io|public\.ecr\.aws)$/;

/** Images of Kubernetes and of network plugins, by the parts of their names. */
const IMAGES = new Set(
  'kube-apiserver kube-controller-manager kube-scheduler kube-proxy etcd coredns pause k8s-dns-node-cache calico node calico-node node-calico cni kube-controllers cilium cilium-ci operator flannel flannel-cni-plugin weave-kube weave-npc weaveworks antrea-agent antrea-agent-ubuntu antrea-agent-ubi antrea kube-router kube-ovn ovn-kube ovn-kube-ubuntu ovn-kube-fedora multus-cni amazon-k8s-cni azure-cns kindnetd kindest'.split(
    ' ',
  ),
);

/** `registry:5000/name:v1.2.3@sha256:...`, or a repository without a tag. */
export const image: Kind = (value, names) => {
  const [, whole = value, digest] = /^([^@]*)(?:@sha256:(.*))?$/.exec(value) ?? [];
  const last = whole.lastIndexOf('/');
  const colon = whole.indexOf(':', last + 1);
  const [path, tag] = colon === -1 ? [whole, undefined] : [whole.slice(0, colon), whole.slice(colon + 1)];
  const parts = path.split('/').map((part, at, all) => {
    if (part === '' || IMAGES.has(part)) return part;
    const isRegistry = at === 0 && all.length > 1 && (/[.:]/.test(part) || part === 'localhost');
    if (isRegistry || (all.length === 1 && part.includes('.')))
      return REGISTRIES.test(part) ? part : registry(part, names);
    return names.of(part, 'image');
  });
  const tagged = tag === undefined ? '' : `:${version(tag, names)}`;
  return `${parts.join('/')}${tagged}${digest === undefined ? '' : `@sha256:${names.hex(digest)}`}`;
};

function registry(part: string, names: Replacements): string {
  const [, host = part, port = ''] = /^(.*?)(:\d+)?$/.exec(part) ?? [];
  const own = /^\d+\.\d+\.\d+\.\d+$/.test(host)
    ? names.ipv4(host)
    : names.of(host, 'host', (number) => `host-${number}.example`);
  return `${own}${port}`;
}
