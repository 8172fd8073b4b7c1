import { z } from 'zod';
import type { Facts } from '../../facts/facts.ts';
import { clusterForm } from './cluster.ts';
import { nodeForm } from './node.ts';
import { amount, flag, object, optional, type Same, text, yes } from './parts.ts';

const file = object({
  missing: optional(yes),
  error: optional(text),
  size: optional(amount),
  sha256: optional(text),
  mode: optional(text),
  owner: optional(text),
  sealed: optional(flag),
  text: optional(text),
});
const files = z.record(text, file);

/** What was read: of nodes, of the cluster, and what steps of a runbook look at. */
export const factsForm = object({
  nodes: z.record(text, nodeForm),
  cluster: optional(clusterForm),
  files: optional(object({ local: files, nodes: z.record(text, files) })),
  checks: optional(z.record(text, flag)),
}).describe('What was read: `nodes` by name, `cluster`, and what steps of the runbook look at');

true satisfies Same<z.infer<typeof factsForm>, Facts>;
