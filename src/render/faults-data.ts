import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';

/** The version of the form; a reader refuses any other. */
export const FAULTS_VERSION = 1;

const names = z.array(z.string());
const ends = z.enum(['done', 'paused', 'failed', 'refused', 'stopped', 'killed']);
const byVersion = z.record(z.string(), names);

const fault = z.strictObject({
  name: z.string(),
  what: z.string().describe('What goes wrong, for people'),
  node: z.string().describe('The node that it strikes'),
  at: z.strictObject({ node: z.string(), step: z.string() }).describe('The step in or before which it strikes'),
  outcome: ends.describe('How the process of the run ends; `done`: the run continues by itself, to its end'),
  reason: z.string().describe('Why it stops; else empty'),
  state: z
    .strictObject({ cordoned: names, notReady: names, kubelets: byVersion, apiServers: byVersion })
    .describe('Of the cluster then; nodes by the version that runs'),
  serves: z
    .strictObject({
      api: z.strictObject({ answers: names, of: z.number() }),
      etcd: z.strictObject({ answers: names, of: z.number(), quorum: z.boolean() }),
      short: z
        .array(z.strictObject({ budget: z.string(), healthy: z.number(), wanted: z.number() }))
        .describe('PodDisruptionBudgets with fewer healthy pods than they ask for'),
    })
    .describe('Whether the cluster still serves then'),
  first: z.exactOptional(z.string()).describe('What a person does before the run continues'),
  commands: names.describe('The commands that continue the run, in order; empty: it continues by itself'),
  ends: ends.describe('How the run ends after them'),
  why: z.exactOptional(z.string()).describe('Why it does not end well'),
  takes: z.number().describe('Milliseconds from the misfortune to that end, on the time of the rehearsal'),
});

/** What `rehearse --faults` adds to a rehearsal. */
export const faultsSchema = z.strictObject({
  version: z.literal(FAULTS_VERSION),
  seed: z.number(),
  rows: z.array(fault),
  without: names.describe('Misfortunes that the plan has no place for'),
});

export type Faults = DeepReadonly<z.infer<typeof faultsSchema>>;
export type Fault = Faults['rows'][number];
