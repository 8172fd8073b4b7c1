import { z } from 'zod';
import type { Action } from './action.ts';
import { duration, secondsOf } from './lib/duration.ts';

const schema = z.strictObject({
  command: z.string().min(1).describe('POSIX sh that only looks; the wait is over when it exits with 0'),
  on: z
    .enum(['node', 'control-plane', 'local'])
    .default('node')
    .describe('Where it is asked: the node, a control plane, or the operator’s machine'),
  every: duration.default('5s').describe('The pause between two looks'),
});

/** Waits for a condition, never for a time: at its time limit it fails, with the last answer. */
export const wait: Action<z.infer<typeof schema>> = {
  name: 'wait',
  summary: 'Wait until a command that only looks exits with 0',
  schema,
  shellKeys: ['command'],
  place: 'node',
  placeOf: ({ on }) => on,
  effect: 'none',
  timeout: 600_000,
  usually: 30_000,
  onTimeout: 'kill',
  facts: [],
  guards: [],
  settle: 0,
  script(context) {
    const { command, every } = context.with;
    const lines = command.trim().split('\n');
    return {
      commands: lines.map((line, at) => (at === 0 ? `until ${line}` : line)),
      text: loop(command, secondsOf(every)),
    };
  },
  isDone: () => ({ done: false, reason: 'it is looked at when the run comes to it' }),
  verify: () => ({ done: true, reason: 'it is so' }),
  project: (context) => context.facts,
};

/** What it says is shown when it changes, so that an hour of waiting is not a thousand equal lines. */
function loop(command: string, pause: number): string {
  return `look() (
${command}
)
told=
until said=$(look 2>&1); do
  [ "$said" = "$told" ] || printf '%s\\n' "$said"
  told=$said
  sleep ${pause}
done
[ -z "$said" ] || printf '%s\\n' "$said"
`;
}
