import { z } from 'zod';
import { apiVersion, text, texts, VARIABLE, withDefault } from './fields.ts';
import { gateSchema, pauseSchema, windowSchema } from './pace-schema.ts';
import { hookKeys } from './hook-schema.ts';
import { sharesSchema } from './shares.ts';
import { condition, stepSchema } from './step-schema.ts';

const RESERVED = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

const inputName = z
  .string()
  .regex(VARIABLE, { error: 'is not a name: letters, digits and _ only' })
  .refine((name) => !RESERVED.has(name), { error: 'is a reserved word of the expression language' });

export const inputTypeSchema = z.enum(['string', 'version', 'number', 'boolean', 'duration', 'list', 'secret']);

const input = z
  .strictObject({
    type: inputTypeSchema.describe(
      '`version` is a release such as 1.32.9; `duration` is 90s, 10m, 1h30m; of a `secret` the source is given: prompt, env:NAME, file:PATH, command:CMD.',
    ),
    default: z
      .union([z.string(), z.number(), z.boolean(), z.array(z.unknown())], {
        error: 'must be a text, a number, true or false, or a list',
      })
      .exactOptional()
      .describe('Used where `--set` gives nothing. Without it the input is required.'),
    description: text('What it is for; shown to whoever runs the runbook.').exactOptional(),
    enum: z
      .array(z.union([z.string(), z.number()], { error: 'must be a text or a number' }))
      .min(1, { error: 'must not be an empty list' })
      .exactOptional()
      .describe('The only values allowed.'),
  })
  .describe('A value that the operator may give: `--set name=value`.');

export const inputsSchema = withDefault(
  z
    .record(inputName, input, { error: 'must be a map of inputs' })
    .describe('Values that the operator may give with --set, by name.'),
  {},
);

export const varsSchema = z
  .record(inputName, z.unknown(), { error: 'must be a map of values' })
  .describe('Values of any kind, known as `vars.NAME` in expressions; those of a phase win. They may read `inputs`.');

export const phaseSchema = z
  .strictObject({
    name: text('What people call the phase.'),
    nodes: texts(
      'Node patterns: all, control-plane[0], control-plane[1:], workers, a group, a name, worker-*, !excluded.',
    ),
    serial: withDefault(
      sharesSchema(
        'How many nodes are worked on at a time: 1 (default), 3, 25%; or a list, of the first batch first.',
        1,
      ),
      1,
    ),
    maxFailures: withDefault(
      sharesSchema(
        'How many nodes may fail before nothing new is started: 0 (default), 3, 25%; or a list, for the first batch first.',
        0,
      ),
      0,
    ),
    vars: varsSchema.exactOptional(),
    pause: pauseSchema.exactOptional(),
    gate: gateSchema.exactOptional(),
    if: condition('inputs, cluster, hop').exactOptional(),
    steps: z
      .array(stepSchema, { error: 'must be a list of steps' })
      .min(1, { error: 'must hold at least one step' })
      .describe('Run in this order on each node.'),
    always: z
      .array(stepSchema, { error: 'must be a list of steps' })
      .min(1, { error: 'must hold at least one step' })
      .exactOptional()
      .describe(
        'Run on each node that began the phase, after its steps: also where one failed or the node was left out.',
      ),
  })
  .describe('Ordered steps over selected nodes.');

export const runbookSchema = z
  .strictObject({
    apiVersion,
    kind: z.literal('Runbook', { error: 'must be Runbook' }).describe('Runbook.'),
    name: text('A short name, shown and recorded with every run.'),
    description: text('What the runbook does, for people.').exactOptional(),
    inputs: inputsSchema,
    vars: varsSchema.exactOptional(),
    hops: z
      .strictObject({ to: text('The version to reach, e.g. "${{ inputs.version }}".') })
      .exactOptional()
      .describe('Run the phases once per minor, from the version of the cluster to this one.'),
    window: windowSchema.exactOptional(),
    ...hookKeys,
    phases: z
      .array(phaseSchema, { error: 'must be a list of phases' })
      .min(1, { error: 'must hold at least one phase' })
      .describe('Run in this order.'),
  })
  .describe('What to do with a cluster, step by step.')
  .transform(({ apiVersion: _version, kind: _kind, ...runbook }) => runbook);
