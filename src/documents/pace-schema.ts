import { z } from 'zod';
import { isTimeZone, WEEKDAYS } from '../time-zone.ts';
import { isTemplate } from './template.ts';
import { duration, durationOrTemplate, text, withDefault } from './fields.ts';

/** How fast a run goes on from node to node, and when. */

export const pauseSchema = durationOrTemplate(
  'How long to wait after a batch of nodes that did something, before the next. May be an expression.',
);

const http = z
  .strictObject({
    url: text('What is asked: http or https. May contain ${{ }}.'),
    method: z.enum(['GET', 'HEAD', 'POST']).exactOptional().describe('GET unless given.'),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'is not the name of a header' }), z.string(), {
        error: 'must be a map of headers',
      })
      .exactOptional()
      .describe('Values may contain ${{ }}; one that is an input of type secret as a whole is read from its source.'),
    condition: text(
      'A CEL expression over `status`, `body`, `json` (null where the body is none) and `inputs`; the status is 2xx unless given.',
    ).exactOptional(),
  })
  .describe('An HTTP query from this machine. A redirect is not followed: its status is the answer.');

export const gateSchema = z
  .strictObject({
    run: text(
      'Commands for sh that only look; the gate holds where they exit with 0. May contain ${{ }}.',
    ).exactOptional(),
    on: z
      .enum(['local', 'control-plane'])
      .exactOptional()
      .describe('Where `run` runs: on this machine (default), or on a control plane.'),
    http: http.exactOptional(),
    for: duration('How long it must hold without a break; once unless given.').exactOptional(),
    every: withDefault(duration('The pause between two looks; 15s unless given.'), 15_000),
    timeout: withDefault(duration('The run stops where it was not reached by then; 30m unless given.'), 1_800_000),
  })
  .meta({ oneOf: [{ required: ['run'] }, { required: ['http'] }] })
  .describe('Asked before each batch of nodes with something left to do; the batch begins when it holds.');

const clock = (description: string) =>
  text(`${description} May be an expression.`).regex(CLOCK_OR_TEMPLATE, {
    error: "must be a time of day such as '22:00', in quotes",
  });

const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const CLOCK_OR_TEMPLATE = new RegExp(`${CLOCK.source}|\\$\\{\\{`);

/** What a window is once its expressions have values. */
export const plainWindowSchema = z.strictObject({
  days: z
    .array(z.enum(WEEKDAYS, { error: `must be one of ${WEEKDAYS.join(', ')}` }))
    .min(1, { error: 'must not be an empty list' })
    .exactOptional(),
  from: z.string().regex(CLOCK, { error: "must be a time of day such as '22:00'" }),
  to: z.string().regex(CLOCK, { error: "must be a time of day such as '22:00'" }),
  timezone: z.string().refine(isTimeZone, { error: 'must be a time zone such as Europe/Berlin' }).exactOptional(),
});

export const windowSchema = z
  .strictObject({
    days: z
      .union([
        z
          .array(z.enum(WEEKDAYS, { error: `must be one of ${WEEKDAYS.join(', ')}` }))
          .min(1, { error: 'must not be an empty list' }),
        z.string().regex(/\$\{\{/, { error: 'must be a list, not a text' }),
      ])
      .exactOptional()
      .describe('The days on which it opens; every day unless given. May be an expression that gives a list.'),
    from: withDefault(clock('When it opens; 00:00 unless given.'), '00:00'),
    to: withDefault(
      clock('When it closes, on the next day where it is not later than `from`; 00:00 unless given.'),
      '00:00',
    ),
    timezone: text(
      'A time zone such as Europe/Berlin; that of the machine which makes the plan unless given. May be an expression.',
    )
      .refine((value) => isTemplate(value) || isTimeZone(value), { error: 'is not a time zone such as Europe/Berlin' })
      .exactOptional(),
  })
  .describe('When steps may begin: no node is started that would not be done before it closes.');
