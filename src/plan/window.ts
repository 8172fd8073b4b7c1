import { evaluateTemplate } from '../documents/expressions.ts';
import type { Runbook } from '../documents/model.ts';
import { plainWindowSchema } from '../documents/pace-schema.ts';
import { Failure } from '../failure.ts';
import { localZone } from '../time-zone.ts';
import type { PlanWindow } from './pace.ts';

/**
 * The runbook's window with its expressions resolved; where it names no zone, in that of this machine.
 * @throws Failure (document) where an input gives no such time, day or zone
 */
export function draftWindow(
  { file, value: { window } }: { readonly file: string; readonly value: Pick<Runbook, 'window'> },
  inputs: Readonly<Record<string, unknown>>,
): PlanWindow | undefined {
  if (!window) return undefined;
  const given = evaluateTemplate(window, { inputs, env: {}, cluster: { name: '', version: '' } });
  if (!given.ok) throw new Failure('document', `${file}: window: ${given.error.message}`);
  const read = plainWindowSchema.safeParse(given.value);
  if (read.success) return { ...read.data, timezone: read.data.timezone ?? localZone() };
  const [issue] = read.error.issues;
  const key = issue?.path[0];
  const value = given.value !== null && typeof given.value === 'object' ? Reflect.get(given.value, String(key)) : '';
  throw new Failure(
    'document',
    `${file}: \`${String(key)}\` of the window ${issue?.message ?? ''}, not ${JSON.stringify(value)}`,
  );
}
