import type { LabelSelector } from './pdbs.ts';
import { z } from 'zod';
import type { Fact } from './fact.ts';
import type { Amounts } from './lib/quantity.ts';
import { kubectl, kubectlRemedy, stringMap } from './lib/kubectl.ts';
import { amountsOf, largestOf, sumOf } from './lib/quantity.ts';

export interface PodFact {
  readonly namespace: string;
  readonly name: string;
  readonly node?: string;
  /**
   * In a projection: the Node object from which a drain took it; on which one its controller makes it again is open.
   */
  readonly drainedFrom?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: string;
  readonly ready: boolean;
  readonly deleting: boolean;
  /** The controlling owner, if any. */
  readonly controller?: Owner;
  /** A mirror of a static pod: no drain touches it. */
  readonly mirror: boolean;
  /** Names of emptyDir volumes. */
  readonly emptyDirs: readonly string[];
  /** The first container's image, for control-plane mirror pods. */
  readonly images: readonly string[];
  readonly restarts: number;
  /** What the scheduler reserves for it. */
  readonly requests?: Amounts;
  readonly tolerations?: readonly Toleration[];
  /** What binds it to certain nodes. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Required node affinity: one of these terms must hold. */
  readonly nodeAffinity?: readonly NodeTerm[];
  /** What else binds it, in words: no rule of ours judges it. */
  readonly bound?: readonly string[];
  /** Whoever must let go of it before a deletion comes to its end. */
  readonly finalizers?: readonly string[];
  /** ISO 8601: when its grace period ends, where it is being deleted. */
  readonly deletedAt?: string;
}

export interface Owner {
  readonly kind: string;
  readonly name: string;
  /** Of a `DaemonSet` that is not of the group apps: its own. */
  readonly group?: string;
  /** Of a DaemonSet of the group apps: the API has it. It alone keeps a drain away from its pods. */
  readonly exists?: true;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface NodeTerm {
  readonly matchExpressions: LabelSelector['matchExpressions'];
  /** It asks for the node's name by `matchFields`. */
  readonly names?: readonly string[];
}

/**
 * What is asked of each pod, a twentieth of what the API has: kubectl leaves out the rest, so ten thousand pods are
 * some megabytes. Maps and lists come as JSON (kubectl 1.19 and later); no nested `range`: old kubectls end it early.
 */
const FIELDS = {
  namespace: '.metadata.namespace',
  name: '.metadata.name',
  node: '.spec.nodeName',
  phase: '.status.phase',
  labels: '.metadata.labels',
  ready: '.status.conditions[?(@.type=="Ready")].status',
  deletedAt: '.metadata.deletionTimestamp',
  owners: '.metadata.ownerReferences',
  mirror: '.metadata.annotations.kubernetes\\.io/config\\.mirror',
  emptyDirs: '.spec.volumes[?(@.emptyDir)].name',
  images: '.spec.containers[*].image',
  restarts: '.status.containerStatuses[*].restartCount',
  requests: '.spec.containers[*].resources.requests',
  initRequests: '.spec.initContainers[*].resources.requests',
  sidecarRequests: '.spec.initContainers[?(@.restartPolicy=="Always")].resources.requests',
  overhead: '.spec.overhead',
  tolerations: '.spec.tolerations',
  nodeSelector: '.spec.nodeSelector',
  nodeAffinity: '.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms',
  finalizers: '.metadata.finalizers',
  antiAffinity: '.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[*].topologyKey',
  affinity: '.spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[*].topologyKey',
  spread: '.spec.topologySpreadConstraints[?(@.whenUnsatisfiable=="DoNotSchedule")].topologyKey',
  claims: '.spec.volumes[*].persistentVolumeClaim.claimName',
  hostPorts: '.spec.containers[*].ports[*].hostPort',
} as const;
type Field = keyof typeof FIELDS;
const NAMES = Object.keys(FIELDS) as Field[];

/** The template of `kubectl get pods -o jsonpath=`, to be quoted for sh: one line per pod, tabs between its fields. */
export const podTemplate = `{range .items[*]}${Object.values(FIELDS)
  .map((path) => `{${path}}`)
  .join('{"\\t"}')}{"\\n"}{end}`;

/** As above, for `kubectl get daemonsets`: a line without a tab for each. */
export const daemonSetTemplate = '{range .items[*]}{"daemonset: "}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}';

export const pods: Fact<readonly PodFact[]> = {
  command: 'kubectl get daemonsets,pods -A',
  remedy: kubectlRemedy,
  script: ({ kubeconfig }) =>
    `${kubectl(kubeconfig, `get daemonsets.apps -A -o jsonpath='${daemonSetTemplate}'`)} &&
${kubectl(kubeconfig, `get pods -A -o jsonpath='${podTemplate}'`)}`,
  parse: parsePods,
};

/** @throws Error when a line is not as the template has it */
function parsePods(output: string): PodFact[] {
  const lines = output.split('\n').filter((line) => line !== '');
  const daemonSets = new Set(lines.flatMap((line) => /^daemonset: (\S+)$/.exec(line)?.[1] ?? []));
  return lines.slice(daemonSets.size).map((line) => {
    const values = line.split('\t');
    if (values.length !== NAMES.length) throw new Error(`not a line about a pod: ${line.slice(0, 200)}`);
    return podOf((field) => values[NAMES.indexOf(field)] ?? '', daemonSets);
  });
}

const ownersSchema = z.array(
  z.object({ apiVersion: z.string(), kind: z.string(), name: z.string(), controller: z.boolean().nullish() }),
);
const tolerationsSchema = z.array(
  z.object({
    key: z.string().optional(),
    operator: z.string().optional(),
    value: z.string().optional(),
    effect: z.string().optional(),
  }),
);
const expressionSchema = z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() });
const termsSchema = z.array(
  z.object({ matchExpressions: z.array(expressionSchema).nullish(), matchFields: z.array(expressionSchema).nullish() }),
);
const quantitiesSchema = z.record(z.string(), z.union([z.string(), z.number()]).transform(String));

function podOf(field: (name: Field) => string, daemonSets: ReadonlySet<string>): PodFact {
  const owner = json(ownersSchema, field('owners'))?.find((one) => one.controller === true);
  const node = field('node');
  const deletedAt = field('deletedAt');
  const tolerations = json(tolerationsSchema, field('tolerations'));
  const nodeSelector = json(stringMap, field('nodeSelector'));
  const nodeAffinity = json(termsSchema, field('nodeAffinity'))?.map(termOf);
  const finalizers = json(z.array(z.string()), field('finalizers'));
  const bound = boundBy(field);
  return {
    namespace: field('namespace'),
    name: field('name'),
    ...(node === '' ? {} : { node }),
    labels: json(stringMap, field('labels')) ?? {},
    phase: field('phase') || 'Unknown',
    ready: field('ready') === 'True',
    deleting: deletedAt !== '',
    ...(owner ? { controller: ownerOf(owner, field('namespace'), daemonSets) } : {}),
    mirror: field('mirror') !== '',
    emptyDirs: words(field('emptyDirs')),
    images: words(field('images')),
    restarts: words(field('restarts')).reduce((sum, count) => sum + Number(count), 0),
    requests: requestsOf(field),
    ...(tolerations ? { tolerations: tolerations.map(withoutUnset) } : {}),
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(nodeAffinity ? { nodeAffinity } : {}),
    ...(bound.length > 0 ? { bound } : {}),
    ...(finalizers ? { finalizers } : {}),
    ...(deletedAt === '' ? {} : { deletedAt }),
  };
}

function ownerOf(
  { apiVersion, kind, name }: z.infer<typeof ownersSchema>[number],
  namespace: string,
  daemonSets: ReadonlySet<string>,
): Owner {
  const group = apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : '';
  if (kind !== 'DaemonSet') return { kind, name };
  if (group !== 'apps') return { kind, name, group };
  return { kind, name, ...(daemonSets.has(`${namespace}/${name}`) ? { exists: true as const } : {}) };
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

/** Undefined for an unset field. @throws Error where kubectl did not print the expected JSON (before 1.19: none) */
function json<T>(schema: z.ZodType<T>, text: string): T | undefined {
  return text === '' ? undefined : schema.parse(JSON.parse(text));
}

function withoutUnset({ key, operator, value, effect }: z.infer<typeof tolerationsSchema>[number]) {
  return {
    ...(key === undefined ? {} : { key }),
    ...(operator === undefined ? {} : { operator }),
    ...(value === undefined ? {} : { value }),
    ...(effect === undefined ? {} : { effect }),
  };
}

function termOf({ matchExpressions, matchFields }: z.infer<typeof termsSchema>[number]) {
  const names = matchFields?.find((one) => one.key === 'metadata.name' && one.operator === 'In')?.values;
  return {
    matchExpressions: (matchExpressions ?? []).map(({ key, operator, values }) => ({
      key,
      operator,
      values: values ?? [],
    })),
    ...(names ? { names } : {}),
  };
}

/**
 * What the scheduler counts: the sum of the containers and of the init containers that keep running, or the largest
 * init container if that is more; plus the runtime's overhead ("Resource sharing within containers", "Pod Overhead").
 */
function requestsOf(field: (name: Field) => string): Amounts {
  const running = sumOf([...maps(field('requests')), ...maps(field('sidecarRequests'))]);
  return sumOf([largestOf([running, ...maps(field('initRequests'))]), ...maps(field('overhead'))]);
}

/** Several JSON objects with a blank between them. */
function maps(text: string): Amounts[] {
  if (text === '') return [];
  return z
    .array(quantitiesSchema)
    .parse(JSON.parse(`[${text.replaceAll('} {', '},{')}]`))
    .map(amountsOf);
}

function boundBy(field: (name: Field) => string): string[] {
  const named: readonly (readonly [Field, string])[] = [
    ['antiAffinity', 'pod anti-affinity'],
    ['affinity', 'pod affinity'],
    ['spread', 'topology spread'],
    ['claims', 'volume claims'],
    ['hostPorts', 'host ports'],
  ];
  return named.filter(([name]) => field(name) !== '').map(([, words]) => words);
}
