import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';

/** The version of the saved form; a reader refuses any other. */
export const FLEET_RECORD_VERSION = 1 as const;

/** Who did it, or asks for it. */
export const actorSchema = z.strictObject({ user: z.string(), host: z.string() });
const by = actorSchema;

/** How the run of a cluster ended. `failed`: whatever is not done, with the reason. */
const CLUSTER_ENDS = ['done', 'failed'] as const;
/** How a fleet run ends. */
export const FLEET_ENDS = ['done', 'failed', 'cancelled'] as const;

function record<const T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z.strictObject({ type: z.literal(type), at: z.string().describe('ISO 8601, UTC'), ...shape });
}

/**
 * What has happened to a fleet run, in order: its state is a fold over them, whoever keeps them. A record is kept
 * before what it says is begun or told.
 */
export const fleetRecordSchema = z.discriminatedUnion('type', [
  record('fleet-started', { run: z.string(), plan: z.string().describe('Digest'), by }),
  /** Its failed clusters that are named run again. */
  record('fleet-resumed', { by, again: z.array(z.string()) }),
  record('cluster-started', { cluster: z.string(), attempt: z.number().int().min(1) }),
  /** The id of its run, once that is known. */
  record('cluster-run', { cluster: z.string(), run: z.string() }),
  record('cluster-ended', { cluster: z.string(), outcome: z.enum(CLUSTER_ENDS), reason: z.string() }),
  /** A failed cluster is settled by hand: it no longer counts as failed, and does not run again. */
  record('cluster-settled', { cluster: z.string(), by, reason: z.string() }),
  /** The gate of a stage holds: what the stage has room for now may start. */
  record('gate-held', { stage: z.string() }),
  record('gate-failed', { stage: z.string(), reason: z.string() }),
  record('stage-approved', { stage: z.string(), by }),
  record('paused', { by }),
  record('unpaused', { by }),
  record('cancelled', { by, reason: z.string() }),
  record('fleet-ended', { outcome: z.enum(FLEET_ENDS), reason: z.string() }),
]);

export type FleetRecord = DeepReadonly<z.infer<typeof fleetRecordSchema>>;
/** A record without its time. */
export type FleetNews = FleetRecord extends infer R ? (R extends { at: string } ? Omit<R, 'at'> : never) : never;
export type Actor = DeepReadonly<z.infer<typeof actorSchema>>;
export type FleetEnd = (typeof FLEET_ENDS)[number];

/** The JSON Schema (draft 2020-12) of a record of a fleet run. */
export function fleetRecordJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(fleetRecordSchema), title: 'One record of a fleet run' };
}
