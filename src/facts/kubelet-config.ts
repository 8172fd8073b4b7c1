import { parse } from 'yaml';
import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy } from './lib/kubectl.ts';

/** The kubelet configuration of the cluster, which kubeadm writes to each node that it upgrades. */
export interface KubeletConfigFact {
  /** There is no such ConfigMap (before 1.24 it had the minor in its name), or it may not be read. */
  readonly missing?: true;
  readonly failCgroupV1?: boolean;
  readonly failSwapOn?: boolean;
  readonly featureGates: Readonly<Record<string, boolean>>;
}

/** Until 1.23 the ConfigMap had the minor in its name. That it is not found, or may not be read, is no failure. */
export const kubeletConfig: Fact<KubeletConfigFact> = {
  command: 'kubectl -n kube-system get configmap kubelet-config -o json',
  remedy: kubectlRemedy,
  script: ({ kubeconfig }) =>
    `${kubectl(kubeconfig, '-n kube-system get configmap kubelet-config --ignore-not-found -o json')} || true`,
  parse: parseKubeletConfig,
};

const configMapSchema = z.object({ data: z.object({ kubelet: z.string() }) });
const configSchema = z.object({
  failSwapOn: z.boolean().nullish(),
  failCgroupV1: z.boolean().nullish(),
  featureGates: z.record(z.string(), z.boolean()).nullish(),
});

/** The whole ConfigMap as JSON or YAML. */
function parseKubeletConfig(output: string): KubeletConfigFact {
  const configMap = configMapSchema.safeParse(yamlOf(output));
  const known = configMap.success ? parseKubeletConfiguration(configMap.data.data.kubelet) : undefined;
  return known ?? { missing: true, featureGates: {} };
}

/** A KubeletConfiguration; undefined where the text is none. */
export function parseKubeletConfiguration(text: string): KubeletConfigFact | undefined {
  const parsed = configSchema.safeParse(yamlOf(text));
  if (!parsed.success) return undefined;
  const { failSwapOn, failCgroupV1, featureGates } = parsed.data;
  return {
    featureGates: featureGates ?? {},
    ...(typeof failSwapOn === 'boolean' ? { failSwapOn } : {}),
    ...(typeof failCgroupV1 === 'boolean' ? { failCgroupV1 } : {}),
  };
}

function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
