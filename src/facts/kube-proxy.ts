import { z } from 'zod';
import type { Fact } from './fact.ts';
import { tagOf } from './lib/image.ts';
import { kubectl, kubectlRemedy, parseJson, withoutIndentation } from './lib/kubectl.ts';

export interface KubeProxyFact {
  /** The DaemonSet's image tag without `v`; undefined where there is no kube-proxy. */
  readonly version?: string;
  readonly desired: number;
  readonly updated: number;
  readonly available: number;
}

/** A cluster may have none: some network plugins replace it. */
export const kubeProxy: Fact<KubeProxyFact> = {
  command: 'kubectl -n kube-system get daemonset kube-proxy -o json --ignore-not-found',
  remedy: kubectlRemedy,
  filter: withoutIndentation,
  script: ({ kubeconfig }) => kubectl(kubeconfig, '-n kube-system get daemonset kube-proxy -o json --ignore-not-found'),
  parse: parseKubeProxy,
};

const daemonSetSchema = z.object({
  metadata: z.object({ generation: z.number().nullish() }),
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
  }),
  status: z
    .object({
      desiredNumberScheduled: z.number().nullish(),
      updatedNumberScheduled: z.number().nullish(),
      numberAvailable: z.number().nullish(),
      observedGeneration: z.number().nullish(),
    })
    .nullish(),
});

function parseKubeProxy(output: string): KubeProxyFact {
  if (output.trim() === '') return { desired: 0, updated: 0, available: 0 };
  const { metadata, spec, status } = parseJson(daemonSetSchema, output);
  const version = tagOf(spec.template.spec.containers[0]?.image ?? '');
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return {
    ...(version === '' ? {} : { version }),
    desired: status?.desiredNumberScheduled ?? 0,
    // The counts of an older generation say nothing about this one.
    updated: seen ? (status?.updatedNumberScheduled ?? 0) : 0,
    available: status?.numberAvailable ?? 0,
  };
}
