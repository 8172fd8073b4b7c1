import { evaluateCel } from './cel.ts';

/** What the expression of a stage reads of a cluster. */
export interface LabelledCluster {
  readonly name: string;
  readonly site: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type Taken = { readonly takes: boolean } | { readonly problem: string };

/**
 * Whether the expression of a stage takes a cluster. A label that the cluster lacks and another one has is an empty
 * text, unless the expression asks for it by `has()`.
 * @param keys the labels of all clusters
 */
export function takes(expression: string, { name, site, labels }: LabelledCluster, keys: readonly string[]): Taken {
  const own = evaluateCel(expression, { name, site, labels });
  const filled = own.ok
    ? own
    : evaluateCel(expression, {
        name,
        site,
        labels: { ...Object.fromEntries(keys.map((key) => [key, ''])), ...labels },
      });
  if (!filled.ok) return { problem: filled.problems[0]?.message ?? 'it has no value' };
  if (typeof filled.value !== 'boolean') return { problem: 'it is neither true nor false' };
  return { takes: filled.value };
}

export function labelKeys(clusters: readonly Pick<LabelledCluster, 'labels'>[]): string[] {
  return [...new Set(clusters.flatMap(({ labels }) => Object.keys(labels)))];
}

/**
 * The clusters of each stage, each in the first that takes it, in the order of the fleet; and those that none takes.
 * Expressions without a value take nothing.
 */
export function stageClusters<C extends LabelledCluster>(
  clusters: readonly C[],
  expressions: readonly string[],
): { readonly stages: readonly (readonly C[])[]; readonly left: readonly C[] } {
  const keys = labelKeys(clusters);
  let left = clusters;
  const stages = expressions.map((expression) => {
    const taken = left.filter((one) => {
      const result = takes(expression, one, keys);
      return 'takes' in result && result.takes;
    });
    const those = new Set(taken);
    left = left.filter((one) => !those.has(one));
    return taken;
  });
  return { stages, left };
}
