import { z } from 'zod';
import type { Action } from './action.ts';

const schema = z.strictObject({
  command: z.string().min(1).describe('POSIX sh that only looks; unless it exits with 0 nothing is changed'),
  on: z
    .enum(['node', 'control-plane', 'local'])
    .default('node')
    .describe('Where it is asked: the node, a control plane, or the operator’s machine'),
});

/** What a runbook itself requires before it changes anything: a plan refuses with the command's output. */
export const requireAction: Action<z.infer<typeof schema>> = {
  name: 'require',
  summary: 'Refuse unless a command that only looks exits with 0',
  schema,
  shellKeys: ['command'],
  place: 'node',
  placeOf: ({ on }) => on,
  effect: 'none',
  timeout: 120_000,
  usually: 5000,
  onTimeout: 'kill',
  asksAhead: true,
  facts: [],
  guards: [],
  settle: 0,
  script: ({ with: { command } }) => ({ commands: command.trimEnd().split('\n'), text: `${command.trimEnd()}\n` }),
  isDone: () => ({ done: false, reason: 'it is asked, and must hold' }),
  verify: () => ({ done: true, reason: 'it holds' }),
  project: (context) => context.facts,
};
