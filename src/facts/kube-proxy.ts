import { z } from 'zod';
import type { Fact } from './fact.ts';
import { tagOf } from './lib/image.ts';
import { kubectl, kubectlRemedy, objectsOf, parseJson, withoutIndentation } from './lib/kubectl.ts';
import { remembering } from './lib/remember.ts';

export interface KubeProxyFact {
  /** The DaemonSet's image tag without `v`; undefined where there is no kube-proxy. */
  readonly version?: string;
  /** Its ConfigMap is not there, so kubeadm takes the DaemonSet for none of its own (postupgrade.go). */
  readonly unmanaged?: true;
  readonly desired: number;
  readonly updated: number;
  readonly available: number;
}

/** A cluster may have none: some network plugins replace it. */
export const kubeProxy: Fact<KubeProxyFact> = {
  command: 'kubectl -n kube-system get daemonset,configmap kube-proxy -o json --ignore-not-found',
  remedy: kubectlRemedy,
  filter: withoutIndentation,
  script: ({ kubeconfig }) =>
    kubectl(kubeconfig, '-n kube-system get daemonset,configmap kube-proxy -o json --ignore-not-found'),
  parse: remembering(parseKubeProxy),
};

const daemonSetSchema = z.object({
  kind: z.literal('DaemonSet'),
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

const answerSchema = objectsOf(z.union([daemonSetSchema, z.object({ kind: z.literal('ConfigMap') })]));

function parseKubeProxy(output: string): KubeProxyFact {
  const items = output.trim() === '' ? [] : parseJson(answerSchema, output);
  const daemonSet = items.find((item) => item.kind === 'DaemonSet');
  if (!daemonSet) return { desired: 0, updated: 0, available: 0 };
  const { metadata, spec, status } = daemonSet;
  const version = tagOf(spec.template.spec.containers[0]?.image ?? '');
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return {
    ...(version === '' ? {} : { version }),
    ...(items.some(({ kind }) => kind === 'ConfigMap') ? {} : { unmanaged: true as const }),
    desired: status?.desiredNumberScheduled ?? 0,
    // The counts of an older generation say nothing about this one.
    updated: seen ? (status?.updatedNumberScheduled ?? 0) : 0,
    available: status?.numberAvailable ?? 0,
  };
}
