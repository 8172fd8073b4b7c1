import { z } from 'zod';
import { STEP_ID } from './step-ids.ts';
import { count, duration, text, VARIABLE, withDefault } from './fields.ts';

/** As a script writes it to `$RUNBOOK_OUTPUT`. */
const OUTPUT_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;

const envName = z.string().regex(VARIABLE, { error: 'is not a variable name: letters, digits and _ only' });

export const condition = (known: string) =>
  z
    .union([z.string().min(1, { error: 'must not be empty' }), z.boolean()], { error: 'must be an expression' })
    .describe(`A CEL expression that must be true, without or with \${{ }}. Known names: ${known}.`)
    .transform(String);

export const stepSchema = z
  .strictObject({
    name: text('What people call the step; else the name of the action or the first line of `run`.').exactOptional(),
    id: z
      .string()
      .regex(STEP_ID, { error: 'must be a letter, then letters, digits, - and _' })
      .exactOptional()
      .describe('Names the step in its phase: later steps read steps.ID.outcome and steps.ID.outputs.KEY.'),
    uses: text('The action to run, e.g. drain.').exactOptional(),
    with: z
      .record(z.string(), z.unknown(), { error: "must be a map of the action's options" })
      .exactOptional()
      .describe("The action's options. Values may contain ${{ }}."),
    run: text('Commands for POSIX sh, run on the node as root (become). May contain ${{ }}.').exactOptional(),
    script: text(
      'A file with the commands, in place of `run`: relative to this file, and sent as it is.',
    ).exactOptional(),
    args: z
      .array(z.union([z.string(), z.number(), z.boolean()], { error: 'must be a text, a number, true or false' }), {
        error: 'must be a list of texts',
      })
      .exactOptional()
      .describe('Arguments of `script` or `run`: $1, $2 ... Values may contain ${{ }}.'),
    forEach: z
      .union([text('An expression that gives a list.'), z.array(z.unknown())], {
        error: 'must be a list, or an expression that gives one',
      })
      .exactOptional()
      .describe(
        'Plan the step once for each item of a list, known as `each.value` and `each.index` in its expressions.',
      ),
    on: z
      .enum(['node', 'control-plane', 'local'])
      .exactOptional()
      .describe('Where `run` runs: on the node itself (default), on a control plane, or on this machine.'),
    check: text('Commands for sh; exit 0 means that `run` has nothing left to do.').exactOptional(),
    effect: z
      .enum(['once', 'repeatable'])
      .exactOptional()
      .describe('`once` (default): never sent again while its outcome is unknown. `repeatable`: it may be.'),
    shell: z
      .enum(['sh', 'bash'])
      .exactOptional()
      .describe('What reads `run` and `check`: sh (default), or bash where they need it.'),
    strict: z
      .boolean({ error: 'must be true or false' })
      .exactOptional()
      .describe(
        '`true` (default): `run` ends at the first command that fails (set -eu, and pipefail where sh has it).',
      ),
    changes: z
      .boolean({ error: 'must be true or false' })
      .exactOptional()
      .describe('`false`: `run` only looks; its outcome is `unchanged`, and it may be sent again.'),
    if: condition('inputs, node, cluster, env, hop, steps, nodes').exactOptional(),
    env: z
      .record(
        envName,
        z.union([z.string(), z.number(), z.boolean()], { error: 'must be a text, a number, true or false' }),
        {
          error: 'must be a map of variables',
        },
      )
      .exactOptional()
      .describe('Environment variables of the step, also known as `env.NAME` in its expressions.'),
    secrets: z
      .record(envName, text('An input of type secret: "${{ inputs.NAME }}".'), { error: 'must be a map of variables' })
      .exactOptional()
      .describe(
        'Inputs of type secret. While the script of `run` runs, each variable has the path of a file in memory with the secret.',
      ),
    timeout: duration('The time limit of one attempt.').exactOptional(),
    onTimeout: z
      .enum(['kill', 'leave'])
      .exactOptional()
      .describe('At the time limit: end it, or leave it running on the node with its outcome unknown.'),
    retries: withDefault(count('How often a failed attempt is repeated; 0 unless given.', 0), 0),
    retryDelay: duration('The pause before each retry; else 1 s, 2 s, 4 s ... up to 30 s.').exactOptional(),
    continueOnError: z
      .boolean({ error: 'must be true or false' })
      .exactOptional()
      .describe('true: where the step fails, the node continues with its next step; it is counted and shown.'),
    undoneBy: text(
      'The `id` of an `always` step of the phase that undoes this one: after a failure, resume runs this step again.',
    ).exactOptional(),
    rehearse: z
      .strictObject({
        exit: z
          .int({ error: 'must be a whole number' })
          .min(0, { error: 'must be 0 to 255' })
          .max(255, { error: 'must be 0 to 255' })
          .exactOptional()
          .describe('The exit status that is assumed; 0 unless given.'),
        outputs: z
          .record(
            z
              .string()
              .regex(OUTPUT_KEY, { error: 'is not a name of an output: a letter or _, then letters, digits, _, -' }),
            z.union([z.string(), z.number(), z.boolean()], { error: 'must be a text, a number, true or false' }),
            { error: 'must be a map of outputs' },
          )
          .exactOptional()
          .describe('What it is assumed to write to $RUNBOOK_OUTPUT, for expressions of later steps.'),
      })
      .exactOptional()
      .describe('What `runbook rehearse` takes of the step in place of doing it; else success without outputs.'),
    once: z
      .boolean({ error: 'must be true or false' })
      .exactOptional()
      .describe('true: only on the first of the nodes that the phase works on.'),
  })
  .meta({
    description: 'One step: an action (`uses`) or commands (`run`, `script`).',
    oneOf: [{ required: ['uses'] }, { required: ['run'] }, { required: ['script'] }],
  })
  .transform(
    ({ uses, with: values = {}, run, script, args, on, check, secrets, effect, shell, strict, changes, ...step }) =>
      uses === undefined
        ? {
            ...step,
            kind: 'run' as const,
            run: run ?? '',
            ...(script !== undefined && { script }),
            ...(args && { args }),
            on: on ?? 'node',
            effect: changes === false ? ('none' as const) : (effect ?? 'once'),
            strict: strict ?? true,
            ...(shell && { shell }),
            ...(check !== undefined && { check }),
            ...(secrets && { secrets }),
          }
        : { ...step, kind: 'uses' as const, uses, with: values },
  );

/** Keys that make sense with only one of the two kinds of steps. */
export const USES_ONLY = ['with'] as const;
export const RUN_ONLY = ['args', 'on', 'check', 'effect', 'secrets', 'shell', 'strict', 'changes'] as const;
