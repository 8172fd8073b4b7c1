import { z } from 'zod';
import { apiVersion, text } from './fields.ts';
import type { PartKind } from './kinds.ts';
import { inputsSchema, phaseSchema, varsSchema } from './runbook-schema.ts';
import { condition, stepSchema } from './step-schema.ts';

/** An entry of a list of steps or of phases that stands for those of another file. */
export const includeSchema = z
  .strictObject({
    include: text('A file of kind Steps or Phases, relative to this one.'),
    inputs: z
      .record(z.string(), z.unknown(), { error: 'must be a map of inputs' })
      .exactOptional()
      .describe('Values of the inputs that the file declares. They may contain ${{ }}.'),
    if: condition('inputs, vars, node, cluster, hop')
      .exactOptional()
      .describe('A CEL expression; where it is false, nothing of the file is planned. Evaluated once, while planning.'),
  })
  .describe('The steps or phases of another file, in this place.');

const header = {
  apiVersion,
  description: text('What the file is for, for people.').exactOptional(),
  inputs: inputsSchema,
  vars: varsSchema.exactOptional(),
};

/** The head of an included file; what it holds is judged in the runbook that it becomes a part of. */
export const PART_SCHEMAS = {
  Steps: z.strictObject({
    ...header,
    kind: z.literal('Steps', { error: 'must be Steps' }).describe('Steps.'),
    steps: z.array(z.unknown(), { error: 'must be a list of steps' }).min(1, { error: 'must hold at least one step' }),
  }),
  Phases: z.strictObject({
    ...header,
    kind: z.literal('Phases', { error: 'must be Phases' }).describe('Phases.'),
    phases: z
      .array(z.unknown(), { error: 'must be a list of phases' })
      .min(1, { error: 'must hold at least one phase' }),
  }),
} as const satisfies Record<PartKind, z.ZodType>;

/** For editors. */
export const WHOLE_PART_SCHEMAS = {
  Steps: z
    .strictObject({
      ...PART_SCHEMAS.Steps.shape,
      steps: z.array(stepSchema).min(1).describe('What comes in place of the include, in this order.'),
    })
    .describe('Steps that runbooks include.'),
  Phases: z
    .strictObject({
      ...PART_SCHEMAS.Phases.shape,
      phases: z.array(phaseSchema).min(1).describe('What comes in place of the include, in this order.'),
    })
    .describe('Phases that runbooks include.'),
} as const;
