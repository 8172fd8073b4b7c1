import { stat } from 'node:fs/promises';
import { isMap } from '../documents/shapes.ts';
import type { Inventory } from '../documents/model.ts';
import { Failure } from '../failure.ts';
import { stepsOfPhase, stepsOfPlan } from '../plan/all-steps.ts';
import { secretsIn } from '../documents/secrets.ts';
import { secretsOfHook } from '../plan/hooks.ts';
import type { Plan, PlanPhase, PlanStep } from '../plan/plan.ts';
import { localPath } from '../documents/target.ts';
import { readSecret, withholdVariables } from '../transport/secrets.ts';
import type { SecretSource } from '../transport/transport.ts';
import type { Console } from './console.ts';

/** Files that a warning was shown of. */
const warned = new Set<string>();

/**
 * What has to happen before anything is started: no child of this process inherits a variable that holds a secret. A
 * file that others can read is a warning, shown once.
 */
export async function guardSources(console: Console, sources: readonly SecretSource[]): Promise<void> {
  withholdVariables(sources);
  const files = sources.flatMap((source) => /^file:(.+)$/s.exec(source)?.[1] ?? []);
  for (const file of new Set(files)) {
    const path = localPath(file);
    // What cannot be read is reported when it is needed.
    const mode = await stat(path).then(
      (found) => found.mode,
      () => 0,
    );
    if ((mode & 0o077) === 0 || warned.has(path)) continue;
    warned.add(path);
    const who = (mode & 0o007) === 0 ? 'its group' : 'others';
    console.warn(`the secret in ${path} is open to ${who} (mode ${(mode & 0o777).toString(8)})`, [`chmod 600 ${path}`]);
  }
}

/** The sources that an inventory names (`passwordFrom`, `passphraseFrom` ...), with paths as it means them. */
export function sourcesOf({ folder, ...inventory }: Inventory): SecretSource[] {
  const found = new Set<SecretSource>();
  const look = (value: unknown, key: string): void => {
    if (typeof value === 'string') {
      if (key.endsWith('From'))
        found.add(value.replace(/^file:(.+)$/s, (_, file) => `file:${localPath(file, folder)}`));
    } else if (Array.isArray(value)) for (const item of value) look(item, key);
    else if (isMap(value)) for (const [name, item] of Object.entries(value)) if (name !== 'vars') look(item, name);
  };
  look(inventory, '');
  return [...found];
}

/** Bytes; the shell of a node reads it one by one. */
const LONGEST = 64 * 1024;

function sourceIn(inputs: Plan['inputs'], input: string): SecretSource {
  const source = inputs[input];
  return typeof source === 'string' ? source : '';
}

/** Where the secrets of a step come from, by variable. */
export function secretsOfStep({ inputs }: Pick<Plan, 'inputs'>, step: PlanStep): Record<string, SecretSource> {
  return Object.fromEntries(Object.entries(step.secrets ?? {}).map(([name, input]) => [name, sourceIn(inputs, input)]));
}

/**
 * Reads the secrets of these steps ahead of the run, so that a source that gives nothing stops it before anything is
 * changed, and nothing is asked in the middle of it. @throws Failure (unreachable)
 */
export async function readSecrets(console: Console, plan: Plan, isOpen: (step: PlanStep) => boolean): Promise<void> {
  const steps = stepsOfPlan(plan).filter(isOpen);
  const gates = plan.phases.filter((phase) => stepsOfPhase(phase).some(isOpen)).map(secretsOfGate);
  const inputs = new Set([
    ...steps.flatMap((step) => Object.values(step.secrets ?? {})),
    ...gates.flat(),
    ...(plan.hooks ?? []).flatMap(secretsOfHook),
  ]);
  await guardSources(
    console,
    [...inputs].map((input) => sourceIn(plan.inputs, input)),
  );
  for (const input of inputs) await secretOf(plan, input);
}

/** Inputs whose secrets the gate of a phase sends. */
function secretsOfGate({ gate }: PlanPhase): readonly string[] {
  const headers = gate?.ask.kind === 'http' ? Object.values(gate.ask.secretHeaders) : [];
  return headers.flatMap((value) => secretsIn(value) ?? []);
}

/** The secret that an input names; each source is read once. @throws Failure (unreachable) */
export async function secretOf({ inputs }: Plan, input: string): Promise<string> {
  const source = sourceIn(inputs, input);
  const value = await readSecret(source, `Secret for the input ${input}`);
  const unfit = value.includes('\0')
    ? 'it is no text'
    : Buffer.byteLength(value) > LONGEST
      ? 'it is longer than 64 KiB'
      : '';
  if (unfit !== '') throw new Failure('unreachable', `no secret from ${source}: ${unfit}`);
  // Reading takes the last newline off. Of a single line that is right; a PEM file is not one without it.
  return value.includes('\n') ? `${value}\n` : value;
}
