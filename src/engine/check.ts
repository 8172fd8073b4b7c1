import type { DraftedStep, PlannedStep } from '../plan/bind.ts';
import { quote } from '../transport/quote.ts';
import { LOCAL } from '../plan/hosts.ts';
import type { Fleet } from './fleet.ts';
import type { Observer } from './observe.ts';

const CHECK_TIMEOUT = 60_000;

/** Lines that are shown of a requirement that does not hold. */
const SHOWN = 8;

interface Surroundings {
  readonly fleet: Fleet;
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

/** Runs the `check:` of the steps that have one, where the step itself would run. It only looks; no output is kept. */
export async function runChecks(
  { fleet, observer }: Surroundings,
  steps: readonly DraftedStep[],
): Promise<Record<string, boolean> | undefined> {
  const results: Record<string, boolean> = {};
  const checked = steps.filter((step) => step.check !== undefined);
  for (const step of checked) {
    const script = withEnv(step.env, step.check ?? ':');
    const { code } = await fleet.with(hostOf(observer, step), (remote) =>
      remote.probe(script, { timeout: CHECK_TIMEOUT }),
    );
    results[step.key] = code === 0;
  }
  return checked.length === 0 ? undefined : results;
}

/**
 * Runs the scripts of steps that only look, where each would run; all are asked, as all problems are shown together.
 * @returns by step key what those printed that did not exit with 0
 */
export async function runRequirements(
  { fleet, observer }: Surroundings,
  steps: readonly PlannedStep[],
): Promise<ReadonlyMap<string, string>> {
  const unmet = new Map<string, string>();
  for (const step of steps) {
    const script = withEnv(step.env, step.script ?? ':');
    const { code, stdout, stderr } = await fleet.with(hostOf(observer, step), (remote) =>
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
