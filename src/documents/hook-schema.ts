import { z } from 'zod';
import { duration, text } from './fields.ts';

const template = (description: string) => text(`${description} May contain \${{ }} with inputs, one of them a secret.`);

const notify = z
  .strictObject({
    url: template('Where to, http or https.'),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/, { error: 'is not the name of a header' }), template('Its value.'), {
        error: 'must be a map of headers',
      })
      .exactOptional()
      .describe('Headers of the request.'),
    body: z
      .union([z.string(), z.record(z.string(), z.unknown())], {
        error: 'must be a text, or a map that is sent as JSON',
      })
      .exactOptional()
      .describe(
        'What is sent: a text, or a map as JSON; may contain ${{ }} with inputs and run. Else all that is known.',
      ),
  })
  .describe('A POST request of the program itself.');

const hook = z
  .strictObject({
    name: text('What people call it.').exactOptional(),
    run: text(
      'Commands for sh, run on this machine. RUNBOOK_OUTCOME, _REASON, _NODE, _STEP, _RUN are set.',
    ).exactOptional(),
    on: z
      .literal('local', { error: 'must be local: it runs on this machine alone' })
      .exactOptional()
      .describe('local: `run` runs on this machine.'),
    notify: notify.exactOptional(),
    timeout: duration('Its time limit; 1m unless given.').exactOptional(),
  })
  .meta({
    description: 'Commands on this machine (`run`), or a request (`notify`).',
    oneOf: [{ required: ['run'] }, { required: ['notify'] }],
  });

/** When they run, by the key of the runbook. */
export const HOOKS = { onFailure: 'failure', onStop: 'stop', onSuccess: 'success' } as const;

const hooksAt = (when: string) =>
  z
    .array(hook, { error: 'must be a list' })
    .min(1, { error: 'must hold at least one entry' })
    .exactOptional()
    .describe(`Done once the run ${when}; it can change nothing of the outcome.`);

export const hookKeys = {
  onFailure: hooksAt('has failed or was refused'),
  onStop: hooksAt('was stopped'),
  onSuccess: hooksAt('is done'),
};
