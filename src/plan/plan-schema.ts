import { z } from 'zod';
import type { Plan } from './plan.ts';
import { PLAN_VERSION } from './plan.ts';

const names = z.array(z.string()).readonly();
const role = z.enum(['control-plane', 'worker', 'other']);
const values = z.record(z.string(), z.unknown());
const digest = z.string().describe('sha256, hex');

const node = z.strictObject({
  name: z.string(),
  host: z.string(),
  role,
  before: z.exactOptional(
    z.strictObject({ unschedulable: z.boolean(), held: names, boot: z.exactOptional(z.string()) }),
  ),
  local: z.exactOptional(z.literal(true)),
});

const step = z.strictObject({
  id: z.string(),
  node: z.string(),
  title: z.string(),
  action: z.string(),
  with: values,
  place: z.enum(['node', 'kubectl', 'control-plane', 'local']),
  effect: z.enum(['none', 'once', 'repeatable']),
  timeout: z.number().describe('Milliseconds'),
  onTimeout: z.enum(['kill', 'leave']),
  retries: z.number(),
  env: z.record(z.string(), z.string()),
  if: z.exactOptional(z.string()),
  check: z.exactOptional(z.string()),
  commands: names,
  script: z.exactOptional(z.string()),
  predicted: z.strictObject({
    outcome: z.enum(['change', 'unchanged', 'skipped', 'read']),
    reason: z.string(),
  }),
});

const phase = z.strictObject({
  number: z.number(),
  name: z.string(),
  batches: z.array(names).readonly(),
  maxFailures: z.number(),
  steps: z.array(step).readonly(),
  hop: z.exactOptional(z.strictObject({ version: z.string(), first: z.boolean(), last: z.boolean() })),
});

const finding = z.strictObject({
  guard: z.string(),
  severity: z.enum(['refuse', 'warn', 'note']),
  node: z.exactOptional(z.string()),
  step: z.exactOptional(z.string()),
  summary: z.string(),
  remedy: z.string(),
  source: z.string(),
  overridden: z.exactOptional(z.string()),
});

/** The same type as Plan (a test holds the two together), as a schema. */
export const planSchema = z.strictObject({
  version: z.literal(PLAN_VERSION),
  createdAt: z.string().describe('ISO 8601'),
  digest,
  runbook: z.strictObject({ name: z.string(), file: z.string(), digest, text: z.string() }),
  inventory: z.strictObject({ file: z.string(), digest, cluster: z.string() }),
  inputs: values,
  limit: z.exactOptional(z.string()),
  factsDigest: digest,
  nodes: z.array(node).readonly(),
  phases: z.array(phase).readonly(),
  findings: z.array(finding).readonly(),
  overrides: z.exactOptional(
    z.array(z.strictObject({ guard: z.string(), node: z.exactOptional(z.string()), reason: z.string() })).readonly(),
  ),
  way: z.exactOptional(z.strictObject({ from: z.string(), through: names })),
});

/** The JSON Schema (draft 2020-12) of a saved plan. */
export function planJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(planSchema, {
      // Says that TypeScript's type is readonly: nothing that a reader of JSON could use.
      override: ({ jsonSchema }) => delete jsonSchema.readOnly,
    }),
    title: 'A saved plan of runbook',
  };
}

/** Reads a saved plan's text. Its form only: whether its digest and the facts still hold is asked elsewhere. */
export function parsePlan(text: string): { readonly plan: Plan } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `not a plan: not JSON (${error instanceof Error ? error.message : String(error)})` };
  }
  const version = z.looseObject({ version: z.unknown() }).safeParse(value).data?.version;
  if (version === undefined) return { problem: 'not a plan: it has no version' };
  if (version !== PLAN_VERSION)
    return {
      problem: `the plan has version ${JSON.stringify(version)}, this runbook reads version ${PLAN_VERSION} only; make the plan anew`,
    };
  const parsed = planSchema.safeParse(value);
  if (parsed.success) return { plan: parsed.data };
  const [issue] = parsed.error.issues;
  return { problem: `not a plan: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unreadable'}` };
}
