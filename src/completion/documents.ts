import { stat } from 'node:fs/promises';
import { entriesOf, isMap, itemsOf } from '../documents/shapes.ts';
import { resolveRunbookPath } from '../documents/runbook-path.ts';
import { Source } from '../documents/source.ts';
import { readDocument } from '../documents/text.ts';
import { readYaml } from '../documents/yaml.ts';
import { slug } from '../plan/slug.ts';

/** A document as far as it can be read: no problem of it is reported here, `validate` does that. */
export type Raw = Readonly<Record<string, unknown>>;

/** An empty map for what is no document. */
export async function rawDocument(file: string): Promise<Raw> {
  const entry = await stat(file).catch(() => undefined);
  // A pipe would be read to its end by a key press.
  if (entry?.isFile() !== true) return {};
  const read = await readDocument(file);
  return read.ok ? rawText(file, read.value) : {};
}

/** What a file with this text holds. */
export function rawText(file: string, text: string): Raw {
  const { value } = readYaml(new Source(file, text));
  return isMap(value) ? value : {};
}

/** The runbook that an argument names. */
export async function rawRunbook(argument: string | undefined): Promise<Raw> {
  const path = argument === undefined ? undefined : resolveRunbookPath(argument);
  return path?.ok === true ? rawDocument(path.value) : {};
}

export interface RawInput {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  /** What the input may be; the default alone where that is not known. */
  readonly values: readonly string[];
}

export function inputsOf(runbook: Raw): RawInput[] {
  const inputs = entriesOf(runbook['inputs']).map(([name, spec]) => inputOf(name, isMap(spec) ? spec : {}));
  if (!isMap(runbook['hops']) || inputs.some(({ name }) => name === 'via')) return inputs;
  return [...inputs, { name: 'via', type: 'list', description: 'The patches of the minors in between', values: [] }];
}

function inputOf(name: string, { type, description, default: initial, enum: choices }: Raw): RawInput {
  const values = type === 'boolean' ? [true, false] : itemsOf(choices).length > 0 ? itemsOf(choices) : [initial];
  return { name, type: text(type), description: text(description), values: values.map(text).filter(Boolean) };
}

/** The names by which `--approve` calls the steps that ask a person. */
export function approvals(runbook: Raw): string[] {
  const steps = itemsOf(runbook['phases']).flatMap((phase) => (isMap(phase) ? itemsOf(phase['steps']) : []));
  return steps.flatMap((step) =>
    isMap(step) && step['uses'] === 'approve' ? [slug(text(step['name']) || 'approve')] : [],
  );
}

/** Scalars alone: the rest is nothing that a command line holds. */
export function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
