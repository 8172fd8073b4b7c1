import { parse } from 'yaml';
import { z } from 'zod';
import type { Fact } from './fact.ts';
import type { KubeadmConfigFact } from './facts.ts';
import { kubectl } from './kubectl.ts';
import { withoutV } from './version.ts';

export const kubeadmConfig: Fact<KubeadmConfigFact> = {
  command: 'kubectl -n kube-system get configmap kubeadm-config -o json',
  remedy: 'Without that ConfigMap it is not a kubeadm cluster; with it, does the API server answer there?',
  script: ({ kubeconfig }) => kubectl(kubeconfig, '-n kube-system get configmap kubeadm-config -o json'),
  parse: parseKubeadmConfig,
};

const configMapSchema = z.object({ data: z.object({ ClusterConfiguration: z.string() }) });
const clusterConfigurationSchema = z.object({
  kubernetesVersion: z.string(),
  controlPlaneEndpoint: z.string().nullish(),
  imageRepository: z.string().nullish(),
});

/** Takes JSON and YAML. */
export function parseKubeadmConfig(output: string): KubeadmConfigFact {
  const configMap = configMapSchema.safeParse(parse(output));
  if (!configMap.success) throw new Error('the ConfigMap has no ClusterConfiguration');
  const configuration = clusterConfigurationSchema.safeParse(parse(configMap.data.data.ClusterConfiguration));
  if (!configuration.success) throw new Error('its ClusterConfiguration has no kubernetesVersion');
  const { kubernetesVersion, controlPlaneEndpoint, imageRepository } = configuration.data;
  return {
    kubernetesVersion: withoutV(kubernetesVersion),
    ...(controlPlaneEndpoint ? { controlPlaneEndpoint } : {}),
    ...(imageRepository ? { imageRepository } : {}),
  };
}
