import { z } from 'zod';
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
  digest: z.string().describe('sha256 of the rest in canonical form'),
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
