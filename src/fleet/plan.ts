import { z } from 'zod';
import { messageOf } from '../failure.ts';
import { digestOf } from '../plan/digest.ts';
import { gateSchema, windowSchema } from '../plan/pace.ts';
import type { DeepReadonly } from '../readonly.ts';

/** The version of the saved form; a reader refuses any other. */
export const FLEET_PLAN_VERSION = 1 as const;

const clusterSchema = z.strictObject({
  name: z.string().describe('In the fleet'),
  cluster: z.string().describe('In its inventory'),
  site: z.string().describe('Where its nodes can be reached from'),
  labels: z.record(z.string(), z.string()),
  inventory: z.string().describe('Path of its inventory, absolute'),
  plan: z.string().describe("Digest of its run's plan: what an apply, a resume or a worker may run"),
  from: z.array(z.string()).describe('Releases that its nodes have, the oldest first'),
  to: z.string().describe('The release that it gets; empty: none'),
  changes: z.number().int().describe('Steps that change something; 0: nothing is to be done'),
  expected: z.number().describe('How long its run takes, in milliseconds'),
});

const stageSchema = z.strictObject({
  name: z.string(),
  clusters: z.array(z.string()).describe('Names, in the order in which they start'),
  maxConcurrent: z.number().int().min(1).describe('Clusters whose runs are under way at the same time'),
  maxFailures: z.number().int().min(0).describe('Clusters that may fail before no other one is started'),
  soak: z.number().describe('Milliseconds between the end of its last cluster and the next stage'),
  approve: z.boolean().describe('Whether someone must approve what it did before the next stage'),
  gate: z.exactOptional(gateSchema),
  window: z.exactOptional(windowSchema),
});

/** What a fleet run does, frozen: pure data that every driver decides by. */
export const fleetPlanSchema = z.strictObject({
  version: z.literal(FLEET_PLAN_VERSION),
  digest: z
    .string()
    .describe('sha256 of what is done, in canonical form: not of when it was made, nor of how long it takes'),
  createdAt: z.string().describe('ISO 8601, UTC'),
  fleet: z.strictObject({ name: z.string(), file: z.string(), digest: z.string() }),
  runbook: z.strictObject({ name: z.string(), file: z.string(), digest: z.string() }),
  inputs: z.record(z.string(), z.unknown()).describe('As given; of a secret only where it is read from'),
  clusters: z.array(clusterSchema),
  stages: z.array(stageSchema),
});

export type FleetPlan = DeepReadonly<z.infer<typeof fleetPlanSchema>>;
export type FleetCluster = FleetPlan['clusters'][number];
export type FleetStage = FleetPlan['stages'][number];

/** What the digest of a fleet plan must be. */
export function fleetPlanDigest({ createdAt: _at, digest: _digest, clusters, ...content }: FleetPlan): string {
  return digestOf({ ...content, clusters: clusters.map(({ expected: _expected, ...cluster }) => cluster) });
}

/** A fleet plan with its digest. */
export function signedFleetPlan(plan: Omit<FleetPlan, 'digest' | 'version'>): FleetPlan {
  const unsigned = { ...plan, version: FLEET_PLAN_VERSION, digest: '' };
  return { ...unsigned, digest: fleetPlanDigest(unsigned) };
}

/** Reads the text of a saved fleet plan: its form, and that its digest is that of its content. */
export function parseFleetPlan(text: string): { readonly plan: FleetPlan } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `not a fleet plan: not JSON (${messageOf(error)})` };
  }
  const head = z.looseObject({ version: z.unknown(), stages: z.unknown() }).safeParse(value).data;
  if (head?.version === undefined || head.stages === undefined)
    return { problem: 'not a fleet plan: it has no version or no stages' };
  if (head.version !== FLEET_PLAN_VERSION)
    return {
      problem: `the fleet plan has version ${JSON.stringify(head.version)}, this runbook reads version ${FLEET_PLAN_VERSION}: use the runbook that wrote it, or make the plan again`,
    };
  const parsed = fleetPlanSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `not a fleet plan: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unreadable'}` };
  }
  const own = fleetPlanDigest(parsed.data);
  if (own === parsed.data.digest) return { plan: parsed.data };
  return {
    problem: `the fleet plan was edited or damaged after it was made: its digest is ${parsed.data.digest}, that of its content ${own}`,
  };
}

/** The JSON Schema (draft 2020-12) of a saved fleet plan. */
export function fleetPlanJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(fleetPlanSchema), title: 'A saved plan of a fleet' };
}
