import { z } from 'zod';
import type { Fact } from './fact.ts';
import type { PodFact } from './facts.ts';
import { kubectl, kubectlRemedy, listOf, parseJson, stringMap, withoutIndentation } from './kubectl.ts';

export const pods: Fact<readonly PodFact[]> = {
  command: 'kubectl get pods -A -o json',
  remedy: kubectlRemedy,
  filter: withoutIndentation,
  script: ({ kubeconfig }) => kubectl(kubeconfig, 'get pods -A -o json'),
  parse: parsePods,
};

const podSchema = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    labels: stringMap,
    annotations: stringMap,
    deletionTimestamp: z.string().nullish(),
    ownerReferences: z
      .array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().nullish() }))
      .nullish(),
  }),
  spec: z.object({
    nodeName: z.string().nullish(),
    containers: z.array(z.object({ image: z.string().nullish() })),
    volumes: z.array(z.object({ name: z.string(), emptyDir: z.unknown().optional() })).nullish(),
  }),
  status: z
    .object({
      phase: z.string().nullish(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
      containerStatuses: z.array(z.object({ restartCount: z.number().nullish() })).nullish(),
    })
    .nullish(),
});

export function parsePods(output: string): PodFact[] {
  return parseJson(listOf(podSchema), output).map(({ metadata, spec, status }) => {
    const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
    return {
      namespace: metadata.namespace,
      name: metadata.name,
      ...(spec.nodeName ? { node: spec.nodeName } : {}),
      labels: metadata.labels ?? {},
      phase: status?.phase ?? 'Unknown',
      ready:
        status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
      deleting: typeof metadata.deletionTimestamp === 'string',
      ...(controller ? { controller: { kind: controller.kind, name: controller.name } } : {}),
      mirror: metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined,
      emptyDirs: (spec.volumes ?? []).filter((volume) => volume.emptyDir !== undefined).map((volume) => volume.name),
      images: spec.containers.map((container) => container.image ?? ''),
      restarts: (status?.containerStatuses ?? []).reduce((sum, container) => sum + (container.restartCount ?? 0), 0),
    };
  });
}
