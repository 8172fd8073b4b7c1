import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';
import type { FleetPlan } from './plan.ts';
import { actorSchema, type FleetRecord } from './record.ts';

function request<const T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z.strictObject({ type: z.literal(type), by: actorSchema, ...shape });
}

/** What an operator asks of a fleet run, from any terminal or machine. Its driver takes it, and records what it does. */
export const fleetRequestSchema = z.discriminatedUnion('type', [
  request('approve', { stage: z.string() }),
  request('pause', {}),
  request('unpause', {}),
  request('cancel', { reason: z.string() }),
  /** A failed cluster no longer counts as failed. */
  request('settle', { cluster: z.string(), reason: z.string() }),
]);

export type FleetRequest = DeepReadonly<z.infer<typeof fleetRequestSchema>>;

/** Who drives a fleet run now, as far as this machine can see it. */
export interface FleetDriver {
  readonly life: 'alive' | 'gone' | 'elsewhere' | 'none';
  /** For people: the process, its host and since when. Empty where there is none. */
  readonly about: string;
  /** The id of its lock, where it holds one: `runbook unlock` releases it. */
  readonly lock?: string;
}

/** One fleet run as it is kept. */
export interface FleetRun {
  readonly run: string;
  readonly plan: FleetPlan;
  readonly records: readonly FleetRecord[];
  /** Given, and not taken yet. */
  readonly requests: readonly FleetRequest[];
  readonly driver: FleetDriver;
}

/** Which version of a fleet run is kept, and whether anyone drives it. */
export interface FleetVersion {
  readonly kept: string;
  readonly isDriven: boolean;
}

/** Where fleet runs are kept: a state folder, or a database. Commands and pages see nothing else of them. */
export interface FleetBook {
  /** Ids, newest first. */
  runs(): Promise<readonly string[]>;
  /** @throws Failure (usage) where there is no such run, or it is damaged */
  read(run: string): Promise<FleetRun>;
  /** Another one as soon as anything that `read` gives is another one. Costs less than it. */
  version(run: string): Promise<FleetVersion>;
  /** Resolves once the request is kept. */
  request(run: string, request: FleetRequest): Promise<void>;
}
