import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';
import { WEEKDAYS } from '../time-zone.ts';

const milliseconds = z.number().describe('Milliseconds');
const names = z.record(z.string(), z.string());

/** What is asked before each batch of a phase. */
export const gateSchema = z.strictObject({
  ask: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('run'),
      script: z.string().describe('It only looks; the gate holds where it exits with 0'),
      place: z.enum(['local', 'control-plane']),
    }),
    z.strictObject({
      kind: z.literal('http'),
      url: z.string(),
      method: z.enum(['GET', 'HEAD', 'POST']),
      headers: names,
      secretHeaders: names.describe('Values with `${{ inputs.NAME }}` of secrets, which are put in when it is asked'),
      condition: z.string().describe('CEL over status, body, json and inputs'),
      inputs: z
        .exactOptional(z.record(z.string(), z.unknown()))
        .describe('What its `inputs` are where that is not as in the runbook: those that it reads of an included file'),
    }),
  ]),
  for: milliseconds.describe('How long it must hold; 0: once'),
  every: milliseconds.describe('The pause between two looks'),
  timeout: milliseconds.describe('Then the run stops'),
});

/** When steps may begin. */
export const windowSchema = z.strictObject({
  days: z.exactOptional(z.array(z.enum(WEEKDAYS))).describe('On which it opens; without: every day'),
  from: z.string().describe('HH:MM'),
  to: z.string().describe('HH:MM; of the next day where it is not later than `from`'),
  timezone: z.string().describe('IANA, e.g. Europe/Berlin'),
});

export type PlanGate = DeepReadonly<z.infer<typeof gateSchema>>;
export type PlanWindow = DeepReadonly<z.infer<typeof windowSchema>>;

/** A window, also as it is written, with expressions. */
interface WindowTexts extends Omit<PlanWindow, 'days'> {
  readonly days?: PlanWindow['days'] | string;
}

/** `sat, sun 22:00 to 05:00 (Europe/Berlin)` */
export function windowText({ days, from, to, timezone }: WindowTexts): string {
  const when = from === to && from === '00:00' ? 'the whole day' : `${from} to ${to}`;
  return `${days ? `${typeof days === 'string' ? days : days.join(', ')} ` : ''}${when} (${timezone})`;
}

/** What a gate asks, in one line: `GET http://prometheus:9090/...: status == 200`, or its command. */
export function gateText({ ask }: PlanGate): string {
  if (ask.kind === 'http') return `${ask.method} ${ask.url}: ${ask.condition}`;
  const [line = '', ...more] = ask.script.trim().split('\n');
  return `${line}${more.length > 0 ? ' ...' : ''}${ask.place === 'local' ? '' : ' (on a control plane)'}`;
}
