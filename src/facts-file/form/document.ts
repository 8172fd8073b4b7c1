import { z } from 'zod';
import type { FactId } from '../../facts/facts.ts';
import { clusterFacts, nodeFacts } from '../../facts/registry.ts';
import { DEEPEST } from '../../yaml-limits.ts';
import { FACTS_FORMAT, FACTS_VERSION } from '../document.ts';
import { factsForm } from './facts.ts';

const names = z.array(z.string());
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: 'is not a name' });
const minor = z.string().regex(/^\d+\.\d+$/, { error: 'is not a minor such as 1.32' });

/** As deep as an inventory may be. */
const value = z
  .unknown()
  .refine((one) => isWithin(one, DEEPEST), { error: `is nested more than ${DEEPEST} levels deep` });

const inventory = z.strictObject({
  file: z.string().describe('Where it was read'),
  digest: z
    .exactOptional(z.string())
    .describe('sha256 of its text, hex; absent where the names in this file are not the real ones'),
  cluster: z.string(),
  nodes: z
    .array(
      z.strictObject({
        name,
        host: z.string(),
        role: z.enum(['control-plane', 'worker', 'other']),
        vars: z.record(z.string(), value).describe('With those of all nodes and of its groups'),
      }),
    )
    .min(1)
    .describe('In the order of work'),
  groups: z.record(z.string(), names).describe('By group, the names of its nodes'),
  packages: z.strictObject({ baseUrl: z.exactOptional(z.string()) }),
  kubectl: z.strictObject({ on: z.enum(['control-plane', 'local']), kubeconfig: z.string() }),
});

const factIds = new Set([...Object.keys(nodeFacts), ...Object.keys(clusterFacts)]);
const factId = z.custom<FactId>((value) => typeof value === 'string' && factIds.has(value), {
  error: 'is no fact that this runbook knows',
});

const asked = z.strictObject({
  nodes: names.describe('The nodes whose facts were read'),
  facts: z
    .array(factId)
    .meta({ type: 'string' })
    .describe('The facts that were read of each node and of the cluster: what has none of one has nothing to say'),
  minors: z.array(minor).describe('The minors whose package repositories were asked'),
  unread: z
    .exactOptional(
      z.array(
        z.strictObject({
          node: z.string(),
          facts: z.array(factId).meta({ type: 'string' }).min(1),
          command: z.string(),
          code: z.number().describe('Its exit status'),
          stderr: names,
          reason: z.exactOptional(z.string()),
          remedy: z.string(),
        }),
      ),
    )
    .describe('Facts of a node or, read there, of the cluster that could not be read, and why'),
  runbook: z
    .exactOptional(z.strictObject({ name: z.string(), file: z.string() }))
    .describe('The runbook for whose steps files, packages, units and checks were read'),
  checks: z
    .exactOptional(
      z.record(
        z.string(),
        z.strictObject({
          script: z.string().describe('sha256 of its text with its variables, hex'),
          unasked: z.exactOptional(z.string()).describe('Why it could not be asked'),
        }),
      ),
    )
    .describe('The `check:` of steps that were run, by node/step; what they answered is in `facts.checks`'),
});

/** The facts of all nodes and of the cluster at one moment, with the inventory that they are of. Saved as JSON. */
export const factsSchema = z.strictObject({
  format: z.literal(FACTS_FORMAT),
  version: z.literal(FACTS_VERSION),
  program: z.string().describe('The release of runbook that read them'),
  readAt: z.iso.datetime().describe('ISO 8601, when the reading began'),
  digest: z.string().describe('sha256 over all but `digest`, hex'),
  anonymised: z
    .exactOptional(z.literal(true))
    .describe('Names, addresses, namespaces, labels and texts that someone chose are replaced'),
  inventory,
  asked,
  facts: factsForm,
});

/** The JSON Schema (draft 2020-12) of the file. */
export function factsJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(factsSchema, { unrepresentable: 'any' }),
    title: 'The facts of a cluster, as `runbook facts` writes them',
  };
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((one) => isWithin(one, levels - 1));
}
