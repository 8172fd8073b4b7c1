import { z } from 'zod';

/** Of what the forms of facts are made: what is not named is refused. */
export const text = z.string();
export const flag = z.boolean();
export const yes = z.literal(true);
export const amount = z.number();
export const texts = z.array(text);
export const textMap = z.record(text, text);
export const textsMap = z.record(text, texts);
export const gates = z.record(text, flag);
export const object = z.strictObject;

/** Seconds since the epoch: what a date can be. */
export const seconds = z.number().min(-8.64e12).max(8.64e12);

/** A value as JSON has it. */
const json = text.refine(isJson, { error: 'is not a value as JSON writes it' });

export const optional = z.exactOptional;

/** Every member may be missing. */
export function partial<Shape extends Readonly<Record<string, z.ZodType>>>(shape: Shape) {
  const members = Object.entries(shape).map(([name, form]) => [name, z.exactOptional(form)]);
  // The same names, each with its own form.
  return object(Object.fromEntries(members) as { [Name in keyof Shape]: z.ZodExactOptional<Shape[Name]> });
}

/** True where a form has exactly these members, none less, none more, each as often optional. */
// oxlint-disable typescript/no-unnecessary-type-parameters -- only so the compiler compares two types as a whole
export type Same<One, Other> =
  (<T>() => T extends Plain<One> ? 1 : 2) extends <T>() => T extends Plain<Other> ? 1 : 2 ? true : false;
// oxlint-enable typescript/no-unnecessary-type-parameters

type Plain<T> = T extends object ? { -readonly [Name in keyof T]: Plain<T[Name]> } : T;

export const namedValue = object({ name: text, value: text });
export const namedOptional = object({ name: text, value: optional(text) });

export const manifest = object({
  flags: z.array(namedValue),
  volumes: texts,
  sidecars: texts,
  image: optional(text),
  env: optional(z.array(namedOptional)),
  fields: optional(textMap),
});

export const expressions = z.array(object({ key: text, operator: text, values: texts }));

export const selector = object({
  matchesNothing: optional(yes),
  matchLabels: textMap,
  matchExpressions: expressions,
});

export const kubeletConfiguration = {
  failCgroupV1: optional(flag),
  failSwapOn: optional(flag),
  featureGates: gates,
  settings: optional(z.record(text, json)),
};

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
