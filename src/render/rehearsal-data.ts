import { z } from 'zod';
import { ENDINGS, findingSchema, outcomeSchema } from '../event.ts';
import { faultsSchema } from './faults-data.ts';
import type { DeepReadonly } from '../readonly.ts';

/** The version of the form; a reader refuses any other. */
export const REHEARSAL_VERSION = 1;

const names = z.array(z.string());
const time = z.string().describe('ISO 8601, of the time in the rehearsal');
const milliseconds = z.number().describe('Milliseconds');
const step = z.string().describe('Id of the planned step, e.g. 5.2-drain');

const pod = z.strictObject({
  pod: z.string().describe('namespace/name'),
  to: z.exactOptional(z.string()).describe('The node where its successor runs; undefined: nowhere, or it has none'),
  fate: z
    .enum(['moved', 'gone', 'pending', 'stays'])
    .describe('`gone`: no controller makes another; `pending`: no node takes its successor; `stays`: not evicted'),
});

const node = z.strictObject({
  name: z.string(),
  role: z.string(),
  takes: milliseconds.describe('Milliseconds from its first attempt to the end of its last step, phase by phase'),
  out: milliseconds.describe('Milliseconds in which it was out of service'),
  kubelet: z.exactOptional(z.strictObject({ before: z.string(), after: z.string() })),
  pods: z.number().describe('Pods that its drains moved or ended'),
});

const assumed = z.strictObject({
  what: z.string().describe('What is not rehearsed, for people'),
  kind: z.enum(['step', 'gate', 'approval', 'hook', 'pause', 'window', 'check', 'secret']),
  step: z.exactOptional(step),
  nodes: z.exactOptional(names),
  as: z.string().describe('What is taken of it'),
  declared: z.exactOptional(z.literal(true)).describe('By `rehearse:` of the step'),
});

const unlike = z.strictObject({
  fact: z.string().describe('Name of the fact'),
  nodes: names.describe('Nodes on which the twin differs; empty: the cluster'),
  path: z.string().describe('Where in the fact'),
  source: z.exactOptional(z.string()).describe('What the cluster has'),
  twin: z.exactOptional(z.string()).describe('What the twin has'),
  deciding: z.exactOptional(z.literal(true)).describe('A plan stands on it'),
});

/** What `rehearse --output json` prints: one document. */
export const rehearsalSchema = z.strictObject({
  version: z.literal(REHEARSAL_VERSION),
  rehearsal: z.literal(true).describe('Nothing of it was done on any node'),
  cluster: z.string(),
  runbook: z.strictObject({ name: z.string(), file: z.string(), digest: z.string() }),
  plan: z.strictObject({ digest: z.string(), facts: z.string().describe('Digest of the deciding facts') }),
  inputs: z.record(z.string(), z.unknown()),
  facts: z.strictObject({
    readAt: z.string().describe('When the facts of the cluster were read, ISO 8601'),
    file: z.exactOptional(z.string()).describe('The facts file; undefined: the nodes were asked'),
  }),
  startedAt: time,
  endedAt: time,
  outcome: z.enum(ENDINGS),
  reason: z.string().describe('Why it does not end well; else empty'),
  at: z
    .exactOptional(z.strictObject({ node: z.string(), step, title: z.string() }))
    .describe('The step at which it would stop'),
  tail: z.exactOptional(names).describe('The last lines of output of that step, on the twin'),
  passedOver: z
    .exactOptional(z.array(z.strictObject({ node: z.string(), step, reason: z.string() })))
    .describe('Steps that failed and whose nodes continue (`continueOnError`)'),
  takes: milliseconds,
  expected: z
    .exactOptional(z.strictObject({ takes: milliseconds, kinds: z.number(), measured: z.number() }))
    .describe('What the plan expects; `measured`: of so many kinds of step by earlier runs'),
  counts: z.record(outcomeSchema, z.number()).describe('Steps by outcome'),
  nodes: z.array(node).describe('In the order of the inventory'),
  drains: z.array(
    z.strictObject({ node: z.string(), step, from: time, to: z.exactOptional(time), pods: z.array(pod) }),
  ),
  api: z
    .array(
      z.strictObject({
        from: time,
        to: z.exactOptional(time),
        away: names.describe('Control planes whose API server does not answer'),
        none: z.exactOptional(z.literal(true)).describe('No other one answers: the cluster has no API meanwhile'),
        step: z.exactOptional(step).describe('What runs then'),
      }),
    )
    .describe('When API servers do not answer, as long as those of the twin take to restart'),
  versions: z
    .array(z.strictObject({ at: time, node: z.string(), component: z.string(), from: z.string(), to: z.string() }))
    .describe('Each change of what runs'),
  notRehearsed: z.array(assumed),
  notModelled: z.array(unlike).describe('Facts of the twin that differ from those it was made from'),
  findings: z.array(findingSchema).describe('Of the guards, of the plan'),
  faults: z
    .exactOptional(faultsSchema)
    .describe('With --faults: each misfortune, what it leaves, and how the run ends'),
});

export type RehearsalData = DeepReadonly<z.infer<typeof rehearsalSchema>>;
export type Drain = RehearsalData['drains'][number];
export type NotRehearsed = RehearsalData['notRehearsed'][number];
export type NotModelled = RehearsalData['notModelled'][number];

/** The JSON Schema (draft 2020-12) of that document. */
export function rehearsalJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(rehearsalSchema), title: 'A rehearsal of a run' };
}
