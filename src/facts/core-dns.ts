import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy, objectsOf, parseJson, withoutIndentation } from './lib/kubectl.ts';
import { remembering } from './lib/remember.ts';

export interface CoreDnsFact {
  /** Undefined: there is no such ConfigMap. */
  readonly corefile?: string;
  /** Undefined: there is no such Deployment. */
  readonly image?: string;
  /** Pods of the Deployment; none of an older generation counts as updated. */
  readonly rollout?: { readonly desired: number; readonly updated: number; readonly available: number };
  readonly resources?: {
    readonly limits: Readonly<Record<string, string>>;
    readonly requests: Readonly<Record<string, string>>;
  };
}

/** The cluster's DNS as kubeadm keeps it; a cluster may have another one, or not let it be read. */
export const coreDns: Fact<CoreDnsFact> = {
  command: 'kubectl -n kube-system get configmap,deployment coredns -o json --ignore-not-found',
  remedy: kubectlRemedy,
  filter: withoutIndentation,
  script: ({ kubeconfig }) =>
    `${kubectl(kubeconfig, '-n kube-system get configmap,deployment coredns -o json --ignore-not-found')} || true`,
  parse: remembering(parseCoreDns),
};

const quantities = z.record(z.string(), z.union([z.string(), z.number()])).nullish();
const count = z.number().nullish();
const itemSchema = z.object({
  kind: z.string(),
  data: z.object({ Corefile: z.string().nullish() }).nullish(),
  spec: z
    .object({
      template: z.object({
        spec: z.object({
          containers: z.array(
            z.object({
              image: z.string(),
              resources: z.object({ limits: quantities, requests: quantities }).nullish(),
            }),
          ),
        }),
      }),
      replicas: count,
    })
    .nullish(),
  metadata: z.object({ generation: count }).nullish(),
  status: z.object({ observedGeneration: count, updatedReplicas: count, availableReplicas: count }).nullish(),
});
const answerSchema = objectsOf(itemSchema);

function parseCoreDns(output: string): CoreDnsFact {
  const items = output.trim() === '' ? [] : parseJson(answerSchema, output);
  const corefile = items.find(({ kind }) => kind === 'ConfigMap')?.data?.Corefile;
  const deployment = items.find(({ kind }) => kind === 'Deployment');
  const container = deployment?.spec?.template.spec.containers[0];
  return {
    ...(corefile ? { corefile } : {}),
    ...(container ? { image: container.image } : {}),
    ...(deployment?.status ? { rollout: rolloutOf(deployment) } : {}),
    ...(container?.resources
      ? { resources: { limits: textOf(container.resources.limits), requests: textOf(container.resources.requests) } }
      : {}),
  };
}

function rolloutOf({ metadata, spec, status }: z.infer<typeof itemSchema>) {
  const seen = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  return {
    desired: spec?.replicas ?? 1,
    updated: seen ? (status?.updatedReplicas ?? 0) : 0,
    available: status?.availableReplicas ?? 0,
  };
}

function textOf(values: z.infer<typeof quantities>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]));
}
