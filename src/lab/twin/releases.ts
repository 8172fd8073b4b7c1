import type { TwinDocument } from './document.ts';

/** Every release of Kubernetes that the document names: each of them exists. Without `v`. */
export function releasesIn({ facts }: TwinDocument): ReadonlySet<string> {
  const nodes = Object.values(facts.nodes);
  const revisions = nodes.flatMap(({ packages, offered = {} }) => [
    ...Object.values(packages?.installed ?? {}).map(({ revision }) => revision),
    ...Object.values(offered).flatMap((minor) => minor.revisions['kubeadm'] ?? []),
  ]);
  const { kubeadmConfig, apiServers = [], nodes: objects = [] } = facts.cluster ?? {};
  return new Set([
    ...revisions.map((revision) => revision.replace(/-[^-]*$/, '')),
    ...nodes.flatMap(({ targetKubeadm = {} }) => Object.keys(targetKubeadm)),
    ...apiServers.flatMap(({ version }) => version ?? []),
    ...objects.map(({ kubeletVersion }) => kubeletVersion),
    ...(kubeadmConfig ? [kubeadmConfig.kubernetesVersion] : []),
  ]);
}
