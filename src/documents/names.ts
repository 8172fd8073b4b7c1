import type { FactId, NodeFacts } from '../facts/facts.ts';
import type { InputSpec, Scope } from './model.ts';

/** Which names an expression at some place of a document may use. */
export interface Declared {
  /** Without a type where the document's own is wrong: its use cannot be checked. */
  readonly inputs: Readonly<Record<string, Partial<Pick<InputSpec, 'type'>>>>;
  /** `node` is known: everywhere but in `hops.to` and a phase's `if`. */
  readonly node: boolean;
  readonly cluster: boolean;
  /** The runbook has `hops`. */
  readonly hop: boolean;
  /** `node.failed` is known: in the `if` of an `always` step. */
  readonly failed?: boolean;
  /** `run` is known, the end of a run: in what its hooks send. */
  readonly run?: boolean;
  /** The step's own `env` keys. */
  readonly env: readonly string[];
  /** CEL types of `vars`. */
  readonly vars?: Readonly<Record<string, string>>;
  /** The step has `forEach`. */
  readonly each?: boolean;
  /** The steps whose results may be read; undefined: results are not known there. */
  readonly steps?: DeclaredSteps;
}

/** Steps by their ids. */
export interface DeclaredSteps {
  /** Those that come before; an action (`uses`) has an outcome and no outputs. */
  readonly before: Readonly<Record<string, 'run' | 'uses'>>;
  /** All of the same phase: another node may have come to a later one. */
  readonly phase: readonly string[];
  /** All of the runbook. */
  readonly all: readonly string[];
}

/** A CEL type, or fields by name. */
export type Names = { readonly [name: string]: string | Names };

const CEL_TYPES = {
  string: 'string',
  version: 'string',
  duration: 'string',
  number: 'double',
  boolean: 'bool',
  list: 'list<dyn>',
} as const satisfies Record<Exclude<InputSpec['type'], 'secret'>, string>;

const FACTS = {
  os: { id: 'string', versionId: 'string', packageManager: 'string' },
  hostname: 'string',
  kubelet: 'string',
  kubeadm: 'string',
} as const;

const NODE = {
  name: 'string',
  host: 'string',
  role: 'string',
  labels: 'map<string, string>',
  vars: 'map<string, dyn>',
  facts: FACTS,
} as const;

/** How a run has ended. */
const RUN = {
  id: 'string',
  outcome: 'string',
  reason: 'string',
  node: 'string',
  step: 'string',
  at: 'string',
} as const;

/** Everything that is known at a place, as the schema of CEL's variables. */
export function namesOf(declared: Declared): Readonly<Record<string, string | Names>> {
  // No expression has the value of a secret.
  const inputs = Object.entries(declared.inputs).flatMap(([name, { type }]) =>
    type === 'secret' ? [] : [[name, type ? CEL_TYPES[type] : 'dyn'] as const],
  );
  return {
    inputs: Object.fromEntries(inputs),
    env: Object.fromEntries(declared.env.map((name) => [name, 'string'])),
    ...(declared.node ? { node: declared.failed === true ? { ...NODE, failed: 'bool' } : NODE } : {}),
    ...(declared.run === true ? { run: RUN } : {}),
    ...(declared.cluster ? { cluster: { name: 'string', version: 'string' } } : {}),
    ...(declared.vars ? { vars: declared.vars } : {}),
    ...(declared.each === true ? { each: { value: 'dyn', index: 'double' } } : {}),
    ...(declared.steps ? { steps: resultNames(declared.steps), nodes: 'map<string, dyn>' } : {}),
    ...(declared.hop ? { hop: { version: 'string', first: 'bool', last: 'bool' } } : {}),
  };
}

function resultNames({ before }: DeclaredSteps): Names {
  const outputs = { outputs: 'map<string, string>' };
  return Object.fromEntries(
    Object.entries(before).map(([id, kind]) => [id, { outcome: 'string', ...(kind === 'run' && outputs) }]),
  );
}

/** What `node.facts` holds in expressions; a fact that was not read is missing (see `has()`). */
export function scopeFacts(facts: NodeFacts | undefined): NonNullable<Scope['node']>['facts'] {
  const os = facts?.os;
  const values = {
    os: os && { id: os.id, versionId: os.versionId, packageManager: os.packageManager },
    hostname: facts?.machine?.hostname,
    kubelet: facts?.binaries?.kubelet,
    kubeadm: facts?.binaries?.kubeadm,
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** The facts that must be read before a name (`node.facts.os.id`) has a value. */
export function factsBehind(name: readonly string[]): readonly FactId[] {
  const [root, field, fact] = name;
  if (root === 'cluster') return field === 'name' ? [] : ['kubeadmConfig'];
  if (root !== 'node') return [];
  if (field === 'labels') return ['nodes'];
  if (field === undefined) return ['nodes', 'os', 'machine', 'binaries'];
  if (field !== 'facts') return [];
  const behind: Readonly<Record<string, readonly FactId[]>> = {
    os: ['os'],
    hostname: ['machine'],
    kubelet: ['binaries'],
    kubeadm: ['binaries'],
  };
  return behind[fact ?? ''] ?? ['os', 'machine', 'binaries'];
}
