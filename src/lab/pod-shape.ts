/** What a pod is made of and bound by, where that is known. The lab's own pods are all alike. */
export interface PodShape {
  readonly images: readonly string[];
  /** What the scheduler reserves: cpu in thousandths, all else in units (bytes for memory). */
  readonly requests: Readonly<Record<string, number>>;
  /** Names of emptyDir volumes. */
  readonly emptyDirs: readonly string[];
  readonly tolerations?: readonly Toleration[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** One of these must hold. */
  readonly nodeAffinity?: readonly NodeTerm[];
  readonly bound: readonly Bond[];
}

export interface Toleration {
  readonly key?: string | undefined;
  readonly operator?: string | undefined;
  readonly value?: string | undefined;
  readonly effect?: string | undefined;
}

export interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

export interface NodeTerm {
  readonly matchExpressions: readonly Expression[];
  /** The names of its nodes. */
  readonly names?: readonly string[] | undefined;
}

/** What else binds a pod to places. The lab shows it, and its scheduler does not heed it. */
export const bonds = ['pod anti-affinity', 'pod affinity', 'topology spread', 'volume claims', 'host ports'] as const;
export type Bond = (typeof bonds)[number];

/** A label selector's expressions (labels.Selector): NotIn and DoesNotExist hold where the label is missing. */
export function holds(expressions: readonly Expression[], labels: Readonly<Record<string, string>>): boolean {
  return expressions.every(({ key, operator, values }) => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      case 'Gt':
        return value !== undefined && Number(value) > Number(values[0]);
      case 'Lt':
        return value !== undefined && Number(value) < Number(values[0]);
      default:
        return false;
    }
  });
}

interface TaintLike {
  readonly key: string;
  readonly effect: string;
  readonly value?: string;
}

/** Whether the scheduler may put it on a node with these labels and taints (NodeAffinity and TaintToleration). */
export function fits(
  shape: PodShape,
  node: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly taints: readonly TaintLike[];
  },
): boolean {
  const selected = Object.entries(shape.nodeSelector ?? {}).every(([key, value]) => node.labels[key] === value);
  const wanted = shape.nodeAffinity;
  const affine =
    wanted === undefined ||
    wanted.some(
      ({ matchExpressions, names }) =>
        holds(matchExpressions, node.labels) && (names === undefined || names.includes(node.name)),
    );
  return selected && affine && tolerates(shape.tolerations ?? [], node.taints);
}

function tolerates(tolerations: readonly Toleration[], taints: readonly TaintLike[]): boolean {
  return taints
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
    .every((taint) =>
      tolerations.some(
        ({ key, operator = 'Equal', value = '', effect }) =>
          (effect === undefined || effect === '' || effect === taint.effect) &&
          (key === undefined || key === '' ? operator === 'Exists' : key === taint.key) &&
          (operator === 'Exists' || value === (taint.value ?? '')),
      ),
    );
}

/** `spec` of a pod with one container for each image; what it asks for is asked for by the first. */
export function specOf(shape: PodShape, name: string, claims: string): Record<string, unknown> {
  const has = (bond: Bond) => shape.bound.includes(bond);
  const apart = [{ labelSelector: {}, topologyKey: 'kubernetes.io/hostname' }];
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const terms = shape.nodeAffinity?.map(({ matchExpressions, names }) => ({
    ...(matchExpressions.length > 0 || names === undefined ? { matchExpressions } : {}),
    ...(names ? { matchFields: [{ key: 'metadata.name', operator: 'In', values: names }] } : {}),
  }));
  const affinity = {
    ...(terms ? { nodeAffinity: { [required]: { nodeSelectorTerms: terms } } } : {}),
    ...(has('pod affinity') ? { podAffinity: { [required]: apart } } : {}),
    ...(has('pod anti-affinity') ? { podAntiAffinity: { [required]: apart } } : {}),
  };
  const requests = Object.fromEntries(
    Object.entries(shape.requests).map(([key, value]) => [key, key === 'cpu' ? `${value}m` : String(value)]),
  );
  return {
    containers: shape.images.map((image, index) => ({
      image,
      imagePullPolicy: 'IfNotPresent',
      name: index === 0 ? name : `${name}-${index + 1}`,
      resources: index === 0 && Object.keys(requests).length > 0 ? { requests } : {},
      ...(index === 0 && has('host ports') ? { ports: [{ containerPort: 80, hostPort: 80 }] } : {}),
    })),
    ...(Object.keys(affinity).length > 0 ? { affinity } : {}),
    ...(shape.nodeSelector ? { nodeSelector: shape.nodeSelector } : {}),
    ...(has('topology spread')
      ? {
          topologySpreadConstraints: [
            { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' },
          ],
        }
      : {}),
    ...(shape.tolerations ? { tolerations: shape.tolerations } : {}),
    volumes: [
      ...shape.emptyDirs.map((volume) => ({ emptyDir: {}, name: volume })),
      ...(has('volume claims') ? [{ name: 'claimed', persistentVolumeClaim: { claimName: claims } }] : []),
    ],
  };
}
