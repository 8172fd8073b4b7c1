import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy, parseJson, withoutIndentation } from './lib/kubectl.ts';

export interface CoreDnsFact {
  /** Undefined: there is no such ConfigMap. */
  readonly corefile?: string;
  /** Undefined: there is no such Deployment. */
  readonly image?: string;
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
  parse: parseCoreDns,
};

const quantities = z.record(z.string(), z.union([z.string(), z.number()])).nullish();
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
    })
    .nullish(),
});
/** One object is printed alone. */
const answerSchema = z.union([
  z.object({ items: z.array(itemSchema) }).transform(({ items }) => items),
  itemSchema.transform((item) => [item]),
]);

function parseCoreDns(output: string): CoreDnsFact {
  const items = output.trim() === '' ? [] : parseJson(answerSchema, output);
  const corefile = items.find(({ kind }) => kind === 'ConfigMap')?.data?.Corefile;
  const container = items.find(({ kind }) => kind === 'Deployment')?.spec?.template.spec.containers[0];
  return {
    ...(corefile ? { corefile } : {}),
    ...(container ? { image: container.image } : {}),
    ...(container?.resources
      ? { resources: { limits: textOf(container.resources.limits), requests: textOf(container.resources.requests) } }
      : {}),
  };
}

function textOf(values: z.infer<typeof quantities>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]));
}
