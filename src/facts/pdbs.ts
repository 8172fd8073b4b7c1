import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy, listOf, parseJson, stringMap, withoutIndentation } from './lib/kubectl.ts';
import { matches } from './lib/selector.ts';

export interface PdbFact {
  readonly namespace: string;
  readonly name: string;
  readonly selector: LabelSelector;
  readonly minAvailable?: string;
  readonly maxUnavailable?: string;
  readonly disruptionsAllowed: number;
  readonly expectedPods: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly generation: number;
  readonly observedGeneration: number;
  /** spec.unhealthyPodEvictionPolicy is AlwaysAllow: pods that are not ready may always go. */
  readonly freesUnhealthy?: true;
  /** Why the disruption controller cannot compute it, in its words: it allows nothing until that is fixed. */
  readonly syncFailed?: string;
}

export interface LabelSelector {
  /** There is no selector at all (or an empty one in policy/v1beta1): it covers no pod. */
  readonly matchesNothing?: true;
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export const pdbs: Fact<readonly PdbFact[]> = {
  command: 'kubectl get poddisruptionbudgets -A -o json',
  remedy: kubectlRemedy,
  filter: withoutIndentation,
  script: ({ kubeconfig }) => kubectl(kubeconfig, 'get poddisruptionbudgets -A -o json'),
  parse: parsePdbs,
};

export const selectorSchema = z
  .object({
    matchLabels: stringMap,
    matchExpressions: z
      .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
      .nullish(),
  })
  .nullish();

const intOrString = z.union([z.number(), z.string()]).nullish();
const count = z.number().nullish();

const pdbSchema = z.object({
  apiVersion: z.string().nullish(),
  metadata: z.object({ namespace: z.string(), name: z.string(), generation: count }),
  spec: z.object({
    minAvailable: intOrString,
    maxUnavailable: intOrString,
    selector: selectorSchema,
    unhealthyPodEvictionPolicy: z.string().nullish(),
  }),
  status: z
    .object({
      disruptionsAllowed: count,
      expectedPods: count,
      currentHealthy: count,
      desiredHealthy: count,
      observedGeneration: count,
      conditions: z
        .array(z.object({ type: z.string(), reason: z.string().nullish(), message: z.string().nullish() }))
        .nullish(),
    })
    .nullish(),
});

function parsePdbs(output: string): PdbFact[] {
  return parseJson(listOf(pdbSchema), output).map(({ apiVersion, metadata, spec, status }) => ({
    namespace: metadata.namespace,
    name: metadata.name,
    selector: selectorOf(spec.selector, apiVersion === 'policy/v1beta1'),
    ...(spec.minAvailable == null ? {} : { minAvailable: String(spec.minAvailable) }),
    ...(spec.maxUnavailable == null ? {} : { maxUnavailable: String(spec.maxUnavailable) }),
    disruptionsAllowed: status?.disruptionsAllowed ?? 0,
    expectedPods: status?.expectedPods ?? 0,
    currentHealthy: status?.currentHealthy ?? 0,
    desiredHealthy: status?.desiredHealthy ?? 0,
    generation: metadata.generation ?? 0,
    observedGeneration: status?.observedGeneration ?? 0,
    ...(spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' ? { freesUnhealthy: true as const } : {}),
    ...syncFailedOf(status?.conditions ?? []),
  }));
}

/** policy/v1 DisruptionAllowedCondition; its status is False then, whatever the numbers beside it say. */
function syncFailedOf(conditions: NonNullable<NonNullable<z.infer<typeof pdbSchema>['status']>['conditions']>) {
  const failed = conditions.find(({ type, reason }) => type === 'DisruptionAllowed' && reason === 'SyncFailed');
  return failed ? { syncFailed: failed.message ?? 'no message' } : {};
}

/** An empty selector covers all pods of the namespace in policy/v1, none in v1beta1 (Kubernetes 1.21 API changes). */
export function selectorOf(selector: z.infer<typeof selectorSchema>, beta = false): LabelSelector {
  const matchLabels = selector?.matchLabels ?? {};
  const matchExpressions = (selector?.matchExpressions ?? []).map(({ key, operator, values }) => ({
    key,
    operator,
    values: values ?? [],
  }));
  const empty = Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
  const nothing = selector == null || (beta && empty);
  return { matchLabels, matchExpressions, ...(nothing ? { matchesNothing: true as const } : {}) };
}

/** Kubernetes' label selector (labels.Selector): NotIn and DoesNotExist hold where the label is missing. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  if (selector.matchesNothing === true) return false;
  const byLabel = Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value);
  return byLabel && selector.matchExpressions.every((one) => matches(one, labels[one.key]) === true);
}
