import { stringify } from 'yaml';
import { z } from 'zod';
import { yamlOf } from '../../facts/lib/yaml.ts';
import { once } from '../../facts/lib/once.ts';
import type { KubeadmConfigFact } from '../../facts/kubeadm-config.ts';
import { KUBEADM_REGISTRIES } from '../../facts/lib/image.ts';
import type { ActionContext } from '../action.ts';
import { bare, isBefore } from './release.ts';
import { quote } from '../../transport/quote.ts';
import { WORK } from '../../packages/lib/work.ts';
import { machineOf } from './subject.ts';

/** Of these the release itself tells the tag; those of the others only its kubeadm knows. */
const OF_CONTROL_PLANE = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** The registry that the cluster is configured with; undefined: kubeadm's own. */
function registryOf(context: ActionContext<unknown>): string | undefined {
  const configured = context.facts.cluster?.kubeadmConfig?.imageRepository;
  return configured === undefined || KUBEADM_REGISTRIES.includes(configured) ? undefined : configured;
}

/**
 * Names (an image's last path component) of what the node needs: static pods on a control plane, and, wherever their
 * pods may run, kube-proxy and CoreDNS. A cluster whose network plugin replaces kube-proxy, or whose etcd is elsewhere,
 * has none of it.
 */
export function imageNames(context: ActionContext<unknown>): string[] {
  const proxy = context.facts.cluster?.kubeProxy;
  const components = machineOf(context).staticPods?.components ?? {};
  return [
    ...(context.node.role === 'control-plane' ? OF_CONTROL_PLANE : []),
    ...(context.node.role === 'control-plane' && components['etcd'] ? ['etcd'] : []),
    ...(proxy !== undefined && proxy.version === undefined ? [] : ['kube-proxy']),
    'coredns',
    'pause',
  ];
}

/** The node runs the release already: what it needed of it is there. */
export function runsRelease(context: ActionContext<unknown>, version: string): boolean {
  const components = machineOf(context).staticPods?.components ?? {};
  return (
    context.node.role !== 'control-plane' ||
    OF_CONTROL_PLANE.every((name) => bare(components[name]?.tag ?? '') === version)
  );
}

/** The commands as an operator would type them. */
export function imageCommands(context: ActionContext<unknown>, version: string): string[] {
  const registry = registryOf(context) ?? (isBefore(version, 25) ? 'k8s.gcr.io' : 'registry.k8s.io');
  const names = imageNames(context);
  const own = names.filter((name) => name.startsWith('kube-'));
  const others = names.filter((name) => !own.includes(name));
  return [
    listCommand(context, version),
    ...own.map((name) => `crictl pull ${registry}/${name}:v${version}`),
    `crictl pull ...   # ${others.join(', ')}, as that list has them`,
  ];
}

/** Where the script puts the ClusterConfiguration that its kubeadm reads. */
const PLACE = `${WORK}/cluster-configuration.yaml`;

/**
 * The release's own kubeadm knows its images; the installed one may be too old to. It is given a
 * ClusterConfiguration, as it takes no flag for the registry of CoreDNS or the tags that are pinned.
 */
export function listCommand(context: ActionContext<unknown>, version: string, place = PLACE): string {
  if (configurationFor(context, version) !== undefined) return `kubeadm config images list --config=${place}`;
  const registry = registryOf(context);
  const repository = registry === undefined ? '' : ` --image-repository=${quote(registry)}`;
  return `kubeadm config images list --kubernetes-version=v${version}${repository}`;
}

const place = z.object({ imageRepository: z.string(), imageTag: z.string() }).partial().nullish();
/** What kubeadm takes the images from (cmd/kubeadm/app/images/images.go), and what it needs to read the document. */
const settings = z
  .object({
    apiVersion: z.string(),
    kind: z.string(),
    imageRepository: z.string(),
    dns: place,
    etcd: z.object({ local: place, external: z.unknown() }).partial().nullish(),
    featureGates: z.unknown(),
  })
  .partial();

const settingsIn = once(({ clusterConfiguration: text }: KubeadmConfigFact) =>
  text === undefined ? undefined : settings.safeParse(yamlOf(text)).data,
);

/**
 * Of the cluster's ClusterConfiguration what names images, at the release: plans and nodes keep the script, and the rest
 * may hold secrets (extraEnvs). kubeadm moves from its own old registry by itself.
 */
export function configurationFor({ facts }: ActionContext<unknown>, version: string): string | undefined {
  const parsed = facts.cluster?.kubeadmConfig && settingsIn(facts.cluster.kubeadmConfig);
  if (!parsed) return undefined;
  const { imageRepository = '', ...others } = parsed;
  const isOwn = imageRepository === '' || KUBEADM_REGISTRIES.includes(imageRepository);
  return stringify({ ...others, kubernetesVersion: `v${version}`, ...(isOwn ? {} : { imageRepository }) });
}

/** Shell lines that write it, where it is known. */
export function writeConfiguration(
  context: ActionContext<unknown>,
  version: string,
  place = PLACE,
): string | undefined {
  const text = configurationFor(context, version);
  return text === undefined ? undefined : `printf '%s\\n' ${quote(text.trimEnd())} >${place} || exit`;
}
