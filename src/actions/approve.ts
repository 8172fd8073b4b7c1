import { z } from 'zod';
import type { Action } from './action.ts';

const schema = z.strictObject({
  message: z.string().min(1).describe('What the person is asked, e.g. what is lost from here on'),
});

/** Stops the run until a person has said yes; `--yes` does not answer it, `--approve STEP` does. */
export const approve: Action<z.infer<typeof schema>> = {
  name: 'approve',
  summary: 'Ask a person before the run continues (not answered by --yes, but by --approve)',
  schema,
  place: 'node',
  effect: 'none',
  timeout: 0,
  usually: 0,
  onTimeout: 'kill',
  facts: [],
  guards: [],
  settle: 0,
  asks: (context) => context.with.message,
  waitsFor: (context) => context.with.message.trimEnd().split('\n'),
  isDone: () => ({ done: false, reason: 'a person is asked' }),
  project: (context) => context.facts,
};
