import { z } from 'zod';
import { findingSchema, knownSchema, OUTCOMES } from '../event.ts';
import { faultsSchema } from './faults-data.ts';
import type { DeepReadonly } from '../readonly.ts';

/** The version of the form; a reader refuses any other. */
export const REPORT_VERSION = 1;

const names = z.array(z.string());
const expected = z.exactOptional(z.number());
const time = z.string().describe('ISO 8601');
const texts = z.array(z.number()).describe('Each is the index of a text in `texts`');

/** How a planned step stands; `change` and `read` in the page of a plan: it would change something, or look and wait. */
export const STANDINGS = [...OUTCOMES, 'running', 'left-running', 'pending', 'change', 'read'] as const;
const standing = z.enum(STANDINGS);

const versions = z.strictObject({
  kubelet: z.exactOptional(z.string()).describe('As the Node object reports it, else the binary'),
  kubeadm: z.exactOptional(z.string()),
  kubectl: z.exactOptional(z.string()),
  apiServer: z.exactOptional(z.string()),
  runtime: z.exactOptional(z.string()).describe('containerd://2.0.5'),
});

const outage = z.strictObject({
  from: time,
  to: z.exactOptional(time).describe('Undefined: it was still out of service at the end of the report'),
  before: z.exactOptional(z.literal(true)).describe('It was cordoned before the run, which leaves it so'),
});

const node = z.strictObject({
  name: z.string(),
  host: z.string(),
  role: z.string(),
  before: z.exactOptional(versions).describe('When the run was planned; undefined: not kept'),
  after: z.exactOptional(versions).describe('When the run read it last'),
  outages: z.array(outage).describe('Cordoned or drained until it is uncordoned; of a plan as expected'),
  cordoned: z.exactOptional(z.literal(true)).describe('It was cordoned when the run read it last'),
  leftOut: z.exactOptional(z.string()).describe('Why the runbook left it out'),
  expected: expected.describe('Milliseconds that the plan expected for its steps'),
});

const phase = z.strictObject({
  number: z.number().describe('1-based, over all hops'),
  name: z.string(),
  hop: z.exactOptional(z.string()).describe('The release of its hop'),
  batches: z.array(names),
  skipped: z.exactOptional(z.string()).describe('Why nothing of it was planned'),
  from: z.exactOptional(time),
  to: z.exactOptional(time),
  expected: expected.describe('Milliseconds that the plan expected: its batches one after another'),
});

const attempt = z.strictObject({
  attempt: z.number(),
  host: z.string().describe('Where its script ran: a node or `local`'),
  from: time,
  to: z.exactOptional(time),
  end: z
    .exactOptional(
      z.strictObject({
        kind: z.enum(['exited', 'timed-out', 'cancelled', 'interrupted', 'rebooted', 'never-ran', 'refused']),
        code: z.exactOptional(z.number()).describe('Exit status'),
        reason: z.exactOptional(z.string()).describe('Why its node refused it'),
      }),
    )
    .describe('How its script ended; undefined: not known yet'),
  output: z.exactOptional(z.number()).describe('Index of its output in `texts`; undefined: none is kept here'),
  cut: z.exactOptional(z.number()).describe('Bytes left out of the middle of its output'),
  known: z
    .exactOptional(names)
    .describe('Ids of the known texts in its last 200 lines of output, where it ended badly; most specific first'),
});

const span = z.strictObject({
  from: time,
  to: z.exactOptional(time),
  outcome: z.exactOptional(z.enum(OUTCOMES)),
  reason: z.string(),
  attempts: z.array(attempt),
});

const step = z.strictObject({
  phase: z.number(),
  node: z.string(),
  step: z.string().describe('Id of the planned step, e.g. 5.2-drain'),
  title: z.string(),
  outcome: standing,
  reason: z.string(),
  runsOn: z.exactOptional(z.string()).describe('Where it runs, if that is not its node'),
  commands: texts,
  spans: z.array(span).describe('Each stretch of work on it, up to an outcome'),
  continued: z.exactOptional(z.literal(true)).describe('It failed, and its node continued (`continueOnError`)'),
  outputs: z.exactOptional(z.record(z.string(), z.string())).describe('What it wrote to $RUNBOOK_OUTPUT'),
  expected: expected.describe(
    'Milliseconds that the plan expected; undefined: nothing was due, or the plan has no estimates',
  ),
});

export const MARKS = [
  'started',
  'overridden',
  'resumed',
  'taken-over',
  'stopped',
  'paused',
  'approved',
  'answered',
  'failed',
  'unknown',
  'left-out',
  'retried',
  'again',
  'hook',
  'closed',
  'replaced',
  'done',
  'asks',
] as const;

const mark = z.strictObject({
  at: time,
  kind: z.enum(MARKS),
  text: z.string(),
  by: z.exactOptional(z.string()).describe('Who: user, machine and process, or a name'),
  node: z.exactOptional(z.string()),
  step: z.exactOptional(z.string()),
});

const override = z.strictObject({
  guard: z.string(),
  node: z.exactOptional(z.string()).describe('Only on this node'),
  reason: z.string(),
  by: z.exactOptional(z.string()),
  at: z.exactOptional(time),
});

/** What `report --format json` prints: one document. */
export const reportSchema = z.strictObject({
  version: z.literal(REPORT_VERSION),
  kind: z
    .exactOptional(z.enum(['plan', 'rehearsal']))
    .describe(
      '`plan`: of one that is not run yet: its times are estimates, as if it began when it was made. `rehearsal`: of a run on a simulated twin; no node was changed. Else of a run',
    ),
  madeAt: time,
  zone: z.string().describe("The operator's time zone, in which people are shown times"),
  run: z.string().describe('Empty: of a saved plan'),
  state: z.string().describe('As in status; of a saved plan `planned`, or `refused` where a guard refuses it'),
  about: names.describe('What explains the state, for people'),
  runbook: z.strictObject({ name: z.string(), file: z.string(), digest: z.string() }),
  cluster: z.string(),
  plan: z.strictObject({ digest: z.string(), createdAt: time }),
  inputs: z.record(z.string(), z.unknown()),
  limit: z.exactOptional(z.string()),
  way: z.exactOptional(z.strictObject({ from: z.string(), through: names })).describe('Of a runbook with `hops`'),
  startedAt: z.exactOptional(time),
  lastAt: z.exactOptional(time).describe('Of the last record of the journal: the end of the report'),
  worked: z.number().describe('Milliseconds in which a process worked on it'),
  expected: z
    .exactOptional(
      z.strictObject({
        takes: z.number().describe('Milliseconds'),
        kinds: z.number().describe('Kinds of step that were due'),
        measured: z.number().describe('Of these, how many earlier runs had measured'),
      }),
    )
    .describe('How long the plan expected the run to take; undefined: the plan has no estimates'),
  counts: z.record(standing, z.number()),
  nodes: z.array(node).describe('In the order of the inventory'),
  phases: z.array(phase),
  steps: z.array(step).describe('Every planned step, in the order of the plan'),
  marks: z.array(mark).describe('What happened besides, in the order of the journal'),
  findings: z.array(findingSchema).describe('Of the guards, when the run was planned'),
  overrides: z.array(override),
  known: z.exactOptional(z.array(knownSchema)).describe('What the known texts in the outputs mean, each once'),
  request: z
    .exactOptional(
      z.strictObject({
        apply: z.string().describe('The command that runs this plan and no other'),
        risks: names,
        rollback: names,
      }),
    )
    .describe('Of a plan, for a change request'),
  faults: z.exactOptional(faultsSchema).describe('Of a rehearsal with --faults'),
  gaps: names.describe('What is not in the report because it is not kept here'),
  texts: names.describe('Commands and outputs, each once; without control characters'),
});

export type RunReport = DeepReadonly<z.infer<typeof reportSchema>>;
export type ReportNode = RunReport['nodes'][number];
export type ReportPhase = RunReport['phases'][number];
export type ReportStep = RunReport['steps'][number];
export type ReportSpan = ReportStep['spans'][number];
export type ReportAttempt = ReportSpan['attempts'][number];
export type ReportMark = RunReport['marks'][number];
export type Versions = DeepReadonly<z.infer<typeof versions>>;
export type Standing = z.infer<typeof standing>;

/** The JSON Schema (draft 2020-12) of that document. */
export function reportJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(reportSchema), title: 'The report of a run' };
}
