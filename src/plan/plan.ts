import { z } from 'zod';
import { VARIABLE } from '../documents/fields.ts';
import { findingSchema, predictedSchema } from '../event.ts';
import { messageOf } from '../failure.ts';
import { overrideSchema } from '../guards/lib/override.ts';
import type { DeepReadonly } from '../readonly.ts';
import { digestOf } from './digest.ts';
import { hookSchema } from './hook-schema.ts';
import { gateSchema, windowSchema } from './pace.ts';

/** The version of the saved form. Version 1, which is a part of it, is still read; a reader refuses any other. */
export const PLAN_VERSION = 2;

const names = z.array(z.string());
const values = z.record(z.string(), z.unknown());
const digest = z.string().describe('sha256, hex');
/** Names become parts of paths, here and on the nodes. */
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: 'is not a name' });

const node = z.strictObject({
  name,
  host: z.string(),
  role: z.enum(['control-plane', 'worker', 'other']),
  object: z.exactOptional(z.string()).describe('The Node object that its machine is, where that has another name'),
  before: z
    .exactOptional(z.strictObject({ unschedulable: z.boolean(), held: names, boot: z.exactOptional(z.string()) }))
    .describe('The state when planned, which the run restores at its end'),
  local: z
    .exactOptional(z.literal(true))
    .describe("The run never contacts it: all of its steps run on the operator's machine"),
});

const prediction = z.strictObject({ outcome: predictedSchema, reason: z.string() });

const step = z.strictObject({
  id: name.describe('<phase>.<step>-<slug>, e.g. 5.2-drain; with the node, it names the step everywhere'),
  node: name,
  title: z.string(),
  ref: z.exactOptional(z.string()).describe('Its `id` in the runbook, by which expressions read its results'),
  undoneBy: z
    .exactOptional(z.string())
    .describe('The `ref` of the `always` step that undoes it: where that ran after a failure, it is run again'),
  action: z.string().describe("An action's name, or run"),
  with: values,
  place: z.enum(['node', 'kubectl', 'control-plane', 'local']),
  effect: z.enum(['none', 'once', 'repeatable']),
  timeout: z.number().describe('Milliseconds'),
  onTimeout: z.enum(['kill', 'leave']),
  retries: z.number(),
  retryDelay: z.exactOptional(z.number()).describe('Milliseconds before each retry'),
  continueOnError: z.exactOptional(z.literal(true)).describe('Its failure does not end the work on its node'),
  env: z.record(z.string(), z.string()),
  secrets: z
    .exactOptional(z.record(z.string(), z.string()))
    .describe(
      'By variable, the input whose secret its script finds in a file; the plan has only where that comes from',
    ),
  if: z.exactOptional(z.string()).describe('CEL, evaluated again on fresh facts before the step'),
  known: z
    .exactOptional(
      z.strictObject({
        inputs: z.exactOptional(values),
        vars: z.exactOptional(values),
        each: z.exactOptional(z.strictObject({ value: z.unknown(), index: z.number() })),
      }),
    )
    .describe('What these names stand for in its expressions, where that is not as in the runbook'),
  check: z.exactOptional(z.string()),
  shell: z.exactOptional(z.literal('bash')).describe('What reads the check, where that is not sh'),
  commands: names,
  script: z.exactOptional(z.string()).describe('The whole script; absent for steps that only wait'),
  predicted: prediction,
  once: z.exactOptional(z.literal(true)).describe('Its results count for all nodes'),
  deferred: z
    .exactOptional(z.record(z.string().regex(VARIABLE), z.string()))
    .describe('By variable of its script, a text with ${{ }} that reads results of steps: evaluated in the run'),
  filled: z.exactOptional(digest).describe('sha256, hex, of the text that it sends, filled for its node'),
  rehearse: z
    .exactOptional(
      z.strictObject({
        exit: z.exactOptional(z.number()),
        outputs: z.exactOptional(z.record(z.string(), z.string())),
      }),
    )
    .describe('What a rehearsal takes of it, which then does not simulate it'),
  asksFor: z
    .exactOptional(z.string())
    .describe(
      'The later step of its node that the kubeadm of the release is asked about as soon as this one has fetched it',
    ),
});

/** The value of `hop` in expressions. */
const hop = z.strictObject({ version: z.string(), first: z.boolean(), last: z.boolean() });

const phase = z.strictObject({
  number: z.number().describe('1-based, over all hops'),
  name: z.string(),
  batches: z.array(names).describe('Node names, in the order of work, in batches of `serial`'),
  maxFailures: z
    .union([z.number(), z.array(z.number()).min(1)])
    .describe('Nodes of the phase that may have failed, of a list by the end of each batch; the last one counts on'),
  steps: z.array(step),
  always: z.exactOptional(z.array(step)).describe('Run at the end of each node that began the phase'),
  pause: z.exactOptional(z.number()).describe('Milliseconds between a batch that did something and the next'),
  gate: z.exactOptional(gateSchema),
  hop: z.exactOptional(hop).describe('Of a runbook with `hops`'),
  skipped: z.exactOptional(z.string()).describe('Why nothing of it is planned: its `if` is false'),
});

/** What would be done, frozen: one for dry run and apply alike. Pure data, saved as plan.json. */
export const planSchema = z.strictObject({
  version: z.union([z.literal(1), z.literal(PLAN_VERSION)]),
  createdAt: z.string().describe('ISO 8601; not part of the digest'),
  digest: z.string().describe('sha256 over everything but createdAt, digest, findings and expected; hex'),
  runbook: z.strictObject({
    name: z.string(),
    file: z.string(),
    digest: digest.describe('sha256 of its text, with parts of those too; hex'),
    text: z.string().describe('Kept so that a report and a resume need no file'),
    parts: z
      .exactOptional(
        z.array(z.strictObject({ file: z.string(), kind: z.enum(['Steps', 'Phases', 'script']), text: z.string() })),
      )
      .describe('What it includes, and its scripts, by their paths from its folder'),
  }),
  inventory: z.strictObject({ file: z.string(), digest, cluster: z.string() }),
  inputs: values,
  limit: z.exactOptional(z.string()),
  factsDigest: digest.describe(
    'sha256 of the deciding facts (versions, packages, repositories, cordons, membership); hex',
  ),
  window: z.exactOptional(windowSchema),
  nodes: z.array(node),
  addons: z
    .exactOptional(z.record(z.string(), z.number()))
    .describe(
      'Of kube-proxy and coredns, what the cluster had when planned, which its upgrade must bring along, with the number of its pods that were missing then',
    ),
  phases: z.array(phase),
  hooks: z.exactOptional(z.array(hookSchema)).describe('Done once the run has ended; at most once per end'),
  findings: z.array(findingSchema),
  expected: z
    .exactOptional(
      z.array(
        z.strictObject({
          step: name,
          role: node.shape.role,
          takes: z.number().describe('Milliseconds'),
          measured: z
            .exactOptional(z.number())
            .describe('Attempts of earlier runs that it is the median of; absent: what its action usually takes'),
        }),
      ),
    )
    .describe('How long each due step takes on nodes of a role; not part of the digest'),
  overrides: z
    .exactOptional(z.array(overrideSchema))
    .describe('Refusals that the operator overrides, for the whole run'),
  way: z
    .exactOptional(z.strictObject({ from: z.string(), through: names }))
    .describe("Of a runbook with `hops`: from the oldest API server's release, through these"),
});

export type Plan = DeepReadonly<z.infer<typeof planSchema>>;
export type PlanNode = DeepReadonly<z.infer<typeof node>>;
export type PlanPhase = DeepReadonly<z.infer<typeof phase>>;
export type PlanHop = DeepReadonly<z.infer<typeof hop>>;
export type PlanStep = DeepReadonly<z.infer<typeof step>>;
export type Prediction = DeepReadonly<z.infer<typeof prediction>>;

/** Why a phase has no steps; undefined where it has nodes. A single control plane has no other ones. */
export function whySkipped({ batches, skipped }: Pick<PlanPhase, 'batches' | 'skipped'>): string | undefined {
  return batches.length > 0 ? undefined : (skipped ?? 'none of the nodes is in it');
}

/** The nodes that its run contacts. */
export function contactedNodes(plan: Pick<Plan, 'nodes'>): string[] {
  return plan.nodes.filter((node) => node.local !== true).map((node) => node.name);
}

/** The JSON Schema (draft 2020-12) of a saved plan. */
export function planJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(planSchema), title: 'A saved plan of runbook' };
}

/** What the digest of a plan must be: over what is done, not when it was made, what was found, how long it takes. */
export function planDigest({
  createdAt: _at,
  digest: _digest,
  findings: _findings,
  expected: _expected,
  ...content
}: Plan): string {
  return digestOf(content);
}

/** Reads the text of a saved plan: its form, and that its digest is that of its content. Facts may have moved since. */
export function parsePlan(text: string): { readonly plan: Plan } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `not a plan: not JSON (${messageOf(error)})` };
  }
  const version = z.looseObject({ version: z.unknown() }).safeParse(value).data?.version;
  if (version === undefined) return { problem: 'not a plan: it has no version' };
  if (version !== PLAN_VERSION && version !== 1)
    return {
      problem: `the plan has version ${JSON.stringify(version)}, this runbook reads versions 1 and ${PLAN_VERSION}: use the runbook that wrote it, or make the plan again`,
    };
  const parsed = planSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `not a plan: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unreadable'}` };
  }
  const own = planDigest(parsed.data);
  if (own === parsed.data.digest) return { plan: parsed.data };
  return {
    problem: `the plan was edited or damaged after it was made: its digest is ${parsed.data.digest}, that of its content ${own}`,
  };
}
