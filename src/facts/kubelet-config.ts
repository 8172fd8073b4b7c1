import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy } from './lib/kubectl.ts';
import { yamlOf } from './lib/yaml.ts';
import { remembering } from './lib/remember.ts';

/** A KubeletConfiguration, as far as rules read it. */
export interface KubeletConfiguration {
  readonly failCgroupV1?: boolean;
  readonly failSwapOn?: boolean;
  readonly featureGates: Readonly<Record<string, boolean>>;
  /** Every other value that is not that of an empty field, as JSON, by its path (`logging.verbosity`). */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The kubelet configuration of the cluster, which kubeadm writes to each node that it upgrades. */
export interface KubeletConfigFact extends KubeletConfiguration {
  /** There is no such ConfigMap, or it may not be read. */
  readonly missing?: true;
  /** It may be there: kubectl failed. */
  readonly unreadable?: true;
  /** The minor (`1.20`) in the ConfigMap's name, as it was until 1.23. */
  readonly versioned?: string;
}

/**
 * Until 1.23 the ConfigMap had the minor in its name: the newest counts where there is none without. That it is not
 * found, or may not be read, is no failure.
 */
export const kubeletConfig: Fact<KubeletConfigFact> = {
  command: 'kubectl -n kube-system get configmap kubelet-config -o json',
  remedy: kubectlRemedy,
  script: ({ kubeconfig }) => {
    const get = (what: string) => kubectl(kubeconfig, `-n kube-system get configmap ${what}`);
    return `if found=$(${get('kubelet-config --ignore-not-found -o json')}); then
  if [ -z "$found" ]; then
    minor=$(${get('-o name')} | sed -n 's|^configmap/kubelet-config-1[.]||p' | sort -n | tail -n 1)
    [ -z "$minor" ] || found=$(${get('"kubelet-config-1.$minor" --ignore-not-found -o json')})
  fi
  printf '%s\\n' "$found"
else echo unreadable
fi
true`;
  },
  parse: remembering(parseKubeletConfig),
};

const configMapSchema = z.object({
  metadata: z.object({ name: z.string() }).nullish(),
  data: z.object({ kubelet: z.string() }),
});
const configSchema = z.looseObject({
  failSwapOn: z.boolean().nullish(),
  failCgroupV1: z.boolean().nullish(),
  featureGates: z.record(z.string(), z.boolean()).nullish(),
});

/** The whole ConfigMap as JSON or YAML. */
function parseKubeletConfig(output: string): KubeletConfigFact {
  if (output.trim() === 'unreadable') return { missing: true, unreadable: true, featureGates: {} };
  const configMap = configMapSchema.safeParse(yamlOf(output));
  const known = configMap.success ? parseKubeletConfiguration(configMap.data.data.kubelet) : undefined;
  const versioned = /^kubelet-config-(1\.\d+)$/.exec(configMap.data?.metadata?.name ?? '')?.[1];
  return known ? { ...known, ...(versioned === undefined ? {} : { versioned }) } : { missing: true, featureGates: {} };
}

/** A KubeletConfiguration; undefined where the text is none. */
export function parseKubeletConfiguration(text: string): KubeletConfiguration | undefined {
  const parsed = configSchema.safeParse(yamlOf(text));
  if (!parsed.success) return undefined;
  const { failSwapOn, failCgroupV1, featureGates, ...others } = parsed.data;
  const settings = Object.fromEntries(leaves(others).filter(([path]) => !unkept.test(path)));
  return {
    featureGates: featureGates ?? {},
    ...(typeof failSwapOn === 'boolean' ? { failSwapOn } : {}),
    ...(typeof failCgroupV1 === 'boolean' ? { failCgroupV1 } : {}),
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
  };
}

/** What every such file has, and what may hold a password. */
const unkept = /^(apiVersion|kind|staticPodURLHeader($|\.))/;

/** kubeadm writes out fields that no one set, as zeros: those say nothing. */
function leaves(value: unknown, path = ''): [string, string][] {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
  }
  const text = JSON.stringify(value);
  return ['null', '0', '""', '"0"', '"0s"', '[]'].includes(text) ? [] : [[path, text]];
}
