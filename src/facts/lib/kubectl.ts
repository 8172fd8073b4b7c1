import { z } from 'zod';
import { pathWord } from './frame.ts';

/** A kubectl command line that ends: each of its requests gives up after `timeout` seconds. */
export function kubectl(kubeconfig: string, args: string, timeout = 20): string {
  return `kubectl --kubeconfig ${pathWord(kubeconfig)} --request-timeout=${timeout}s ${args}`;
}

/** Removes the indentation, half of kubectl's JSON output. A line break within a string is `\n` there. */
export const withoutIndentation = "sed 's/^ *//'";

export const kubectlRemedy =
  'Try the command there by hand: does the API server answer, and is the kubeconfig (kubectl.kubeconfig in the inventory) right?';

/** @throws Error when it is not JSON of that form */
export function parseJson<T>(schema: z.ZodType<T>, output: string): T {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    throw new Error('the answer is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new Error(`the answer is not as expected: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  return parsed.data;
}

export const stringMap = z.record(z.string(), z.string()).nullish();

/** What `kubectl get -o json` prints where it may find several objects: a list of them, or the only one alone. */
export function objectsOf<T>(item: z.ZodType<T>) {
  return z.union([z.object({ items: z.array(item) }).transform((list) => list.items), item.transform((one) => [one])]);
}

/** A list of objects, as `kubectl get -o json` prints it. */
export function listOf<T>(item: z.ZodType<T>) {
  return z.object({ items: z.array(item).nullable() }).transform((list) => list.items ?? []);
}
