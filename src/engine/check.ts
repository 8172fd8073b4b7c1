import { underBash } from '../actions/lib/own-script.ts';
import { Failure } from '../failure.ts';
import type { DraftedStep, PlannedStep } from '../plan/bind.ts';
import { quote } from '../transport/quote.ts';
import { usesVariable } from '../plan/deferred.ts';
import { LOCAL } from '../plan/hosts.ts';
import type { RunContext } from './context.ts';
import type { Links } from './links.ts';
import type { Observer } from './observe.ts';
import { variablesOf } from './outputs.ts';

const CHECK_TIMEOUT = 60_000;

/** On Linux, the real-time ones included. */
const SIGNALS = 64;

/** Lines that are shown of a requirement that does not hold. */
const SHOWN = 8;

interface Surroundings {
  readonly links: Links;
  readonly observer: Observer;
}

/** Where a step's script runs: a node's name in the inventory, or `local`. */
export function hostOf(observer: Observer, { node, place }: Pick<DraftedStep, 'node' | 'place'>): string {
  switch (place) {
    case 'node':
      return node.name;
    case 'local':
      return LOCAL;
    case 'kubectl':
      return kubectlHostFor(observer, node);
    case 'control-plane':
      return observer.controlPlane();
  }
}

/** Another control plane than the one that the step may take down, where there is one. */
export function kubectlHostFor(observer: Observer, { name, role }: DraftedStep['node']): string {
  return observer.kubectlHost(role === 'control-plane' ? name : undefined);
}

/** What the `check:` of steps answered, by step key. */
export interface CheckAnswers {
  readonly passed: Readonly<Record<string, boolean>>;
  /** Why it could not be asked: neither yes nor no. */
  readonly unasked: ReadonlyMap<string, string>;
}

/** Runs the `check:` of the steps that have one, where the step itself would run. It only looks; no output is kept. */
export async function askChecks(
  { links, observer }: Surroundings,
  steps: readonly DraftedStep[],
  variables: (step: DraftedStep) => Variables = plannedVariables,
): Promise<CheckAnswers> {
  const passed: Record<string, boolean> = {};
  const unasked = new Map<string, string>();
  for (const step of steps) {
    if (step.check === undefined) continue;
    const env = variables(step);
    if (!env.ok) {
      unasked.set(step.key, env.error.message);
      continue;
    }
    const script = withEnv(env.value, step.shell === 'bash' ? underBash(step.check) : step.check);
    const { code, stderr } = await links.with(hostOf(observer, step), (remote) =>
      remote.probe(script, { timeout: CHECK_TIMEOUT }),
    );
    const why = code === 0 ? undefined : whyUnasked(code, stderr);
    if (why === undefined) passed[step.key] = code === 0;
    else unasked.set(step.key, why);
  }
  return { passed, unasked };
}

type Variables =
  | { readonly ok: true; readonly value: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly error: Error };

/** While planning there are no results of steps. */
function plannedVariables({ env }: DraftedStep): Variables {
  return { ok: true, value: env };
}

/** Whether planning can ask its check: one that reads results of steps can be asked only in the run. */
export function isAskable({ check, deferred }: DraftedStep): boolean {
  return check !== undefined && !usesVariable(check, deferred);
}

/**
 * {@link askChecks} in a run, for a step that is decided and others that matter for it. Undefined: none has a check.
 * @throws Failure (step-failed) where the step must not run twice, and would run because its check could not be asked
 */
export async function runChecks(
  context: Surroundings & Pick<RunContext, 'progress' | 'facts'>,
  step: DraftedStep,
  others: readonly DraftedStep[] = [],
): Promise<Readonly<Record<string, boolean>> | undefined> {
  const steps = [step, ...others];
  const { passed, unasked } = await askChecks(context, steps, (one) =>
    usesVariable(one.check ?? '', one.deferred) ? variablesOf(context, one) : plannedVariables(one),
  );
  const why = unasked.get(step.key);
  if (why !== undefined && step.effect !== 'repeatable') {
    throw new Failure('step-failed', `${step.id} on ${step.node.name}: its check could not be asked: ${why}`, [
      'So it is not known whether the step is done. Fix the check or what it needs, then `runbook resume`.',
    ]);
  }
  return steps.some(({ check }) => check !== undefined) ? passed : undefined;
}

/** A shell that found no program to ask with prints so; `command -v` exits alike and prints nothing. */
function whyUnasked(code: number, stderr: string): string | undefined {
  const line = stderr.trim().split('\n').at(-1)?.trim() ?? '';
  if ((code === 126 || code === 127) && line !== '') return `${line} (exit ${code})`;
  return code > 128 && code <= 128 + SIGNALS ? `it was ended by signal ${code - 128}` : undefined;
}

/**
 * Runs the scripts of steps that only look, where each would run; all are asked, as all problems are shown together.
 * @returns by step key what those printed that did not exit with 0
 */
export async function runRequirements(
  { links, observer }: Surroundings,
  steps: readonly PlannedStep[],
): Promise<ReadonlyMap<string, string>> {
  const unmet = new Map<string, string>();
  for (const step of steps) {
    const script = withEnv(step.env, step.script ?? ':');
    const { code, stdout, stderr } = await links.with(hostOf(observer, step), (remote) =>
      remote.probe(script, { timeout: step.timeout }),
    );
    if (code === 0) continue;
    const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
    unmet.set(step.key, lines.slice(-SHOWN).join('; ') || `exited with ${code}`);
  }
  return unmet;
}

/** A script with the step's variables set ahead of it, quoted for POSIX sh. */
export function withEnv(env: Readonly<Record<string, string>>, script: string): string {
  const lines = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  return `${lines.join('')}${script}`;
}
