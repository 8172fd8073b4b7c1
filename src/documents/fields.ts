import { z } from 'zod';
import { DURATION, parseDuration } from '../duration.ts';
import { isTemplate } from './template.ts';

/** Forms that both documents share. Their messages follow the key's name. */

/** Where a secret comes from. */
export const SECRET_SOURCE = /^(?:prompt|env:[A-Za-z_][A-Za-z0-9_]*|file:.+|command:.+)$/;

/** How a document is parsed: once, which is less than it costs to generate a parser for each of its maps. */
export const ONCE = { jitless: true } as const;

const API_VERSION = 'runbook/v1';

export const apiVersion = z
  .literal(API_VERSION, { error: `must be ${API_VERSION}` })
  .describe('The version of this format: runbook/v1.');

export function text(description: string) {
  return z
    .string({ error: (issue) => notText(issue.input) })
    .min(1, { error: 'must not be empty' })
    .describe(description);
}

/** Where a secret comes from. */
export function secret(description: string) {
  return text(`${description} prompt | env:NAME | file:PATH | command:CMD. Never the secret itself.`).regex(
    SECRET_SOURCE,
    { error: 'must name the source of the secret: prompt, env:NAME, file:PATH or command:CMD' },
  );
}

/** The name of a user on a node. */
export function user(description: string) {
  return text(description).regex(/^[^\s@:/-][^\s@:/]*$/, { error: 'is not a user name' });
}

/** `undefined` leaves the wording for missing keys to the reader of the issue. */
function notText(input: unknown): string | undefined {
  if (typeof input === 'number' || typeof input === 'boolean') return `must be text: put it in quotes`;
  return undefined;
}

/** Read as milliseconds. */
export function duration(description: string) {
  return durationText(description, DURATION).transform((value) => parseDuration(value) ?? 0);
}

/** Read as milliseconds, or as it is where `${{ }}` give it. */
export function durationOrTemplate(description: string) {
  const form = new RegExp(`${DURATION.source}|\\$\\{\\{`);
  return durationText(description, form).transform((value) =>
    isTemplate(value) ? value : (parseDuration(value) ?? 0),
  );
}

function durationText(description: string, form: RegExp) {
  return z
    .string({
      error: (issue) =>
        typeof issue.input === 'number' ? `needs a unit: ${issue.input}s or ${issue.input}m` : undefined,
    })
    .regex(form, { error: 'must be a duration such as 90s, 10m, 1h30m or 500ms' })
    .refine((value) => !DURATION.test(value) || (parseDuration(value) ?? 0) > 0, {
      error: 'must be longer than nothing and shorter than 596h',
    })
    .describe(description)
    .meta({ examples: ['90s', '10m', '1h30m'] });
}

export function count(description: string, least: number) {
  const error = `must be a whole number of at least ${least}`;
  return z
    .int({ error: (issue) => (issue.input === undefined ? undefined : error) })
    .min(least, { error })
    .describe(description);
}

/** One text or a list of them; read as a list. */
export function texts(description: string, item = text('One entry.')) {
  return oneOrMore(description, item, 'must be a text or a list of texts');
}

/** One value, which is no list itself, or a list of them; read as a list. */
export function oneOrMore<S extends z.ZodType>(description: string, item: S, error: string) {
  return z
    .union([item, z.array(item).min(1, { error: 'must not be an empty list' })], { error })
    .describe(description)
    .transform((value): z.output<S>[] => (Array.isArray(value) ? value : [value]));
}

/** A key that may be left out: it reads as `value` then, which its description states. */
export function withDefault<S extends z.ZodType>(schema: S, value: z.output<S>) {
  return schema.optional().transform((given) => given ?? value);
}

export const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
