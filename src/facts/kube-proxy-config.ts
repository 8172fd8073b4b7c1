import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy } from './lib/kubectl.ts';
import { yamlOf } from './lib/yaml.ts';
import { remembering } from './lib/remember.ts';

/** The configuration of kube-proxy, which kubeadm keeps when it upgrades kube-proxy. */
export interface KubeProxyConfigFact {
  /** There is no such ConfigMap, as where a network plugin replaces kube-proxy, or it may not be read. */
  readonly missing?: true;
  /** `iptables`, `ipvs`, `nftables`; empty: the default. */
  readonly mode: string;
  readonly featureGates: Readonly<Record<string, boolean>>;
}

export const kubeProxyConfig: Fact<KubeProxyConfigFact> = {
  command: 'kubectl -n kube-system get configmap kube-proxy -o json',
  remedy: kubectlRemedy,
  script: ({ kubeconfig }) =>
    `${kubectl(kubeconfig, '-n kube-system get configmap kube-proxy --ignore-not-found -o json')} || true`,
  parse: remembering(parseKubeProxyConfig),
};

const configMapSchema = z.object({ data: z.object({ 'config.conf': z.string() }) });
const configSchema = z.object({
  mode: z.string().nullish(),
  featureGates: z.record(z.string(), z.boolean()).nullish(),
});

/** The whole ConfigMap as JSON or YAML. */
function parseKubeProxyConfig(output: string): KubeProxyConfigFact {
  const configMap = configMapSchema.safeParse(yamlOf(output));
  const config = configMap.success ? configSchema.safeParse(yamlOf(configMap.data.data['config.conf'])) : undefined;
  if (!config?.success) return { missing: true, mode: '', featureGates: {} };
  return { mode: config.data.mode ?? '', featureGates: config.data.featureGates ?? {} };
}
