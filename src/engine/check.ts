import { quote } from '../transport/quote.ts';
import type { Checks } from '../plan/judge.ts';
import { stepKey } from '../plan/key.ts';
import type { PlanStep } from '../plan/plan.ts';
import { type Fleet, LOCAL } from './fleet.ts';
import type { Observer } from './observe.ts';

const CHECK_TIMEOUT = 60_000;

/** Lines that are told of a requirement that does not hold. */
const SAID = 8;

/** Where a planned step's script runs: a node's name in the inventory, or `local`. */
export function hostOf(observer: Observer, step: Pick<PlanStep, 'node' | 'place'>, controlPlane: boolean): string {
  switch (step.place) {
    case 'node':
      return step.node;
    case 'local':
      return LOCAL;
    case 'kubectl':
      return observer.kubectlHost(controlPlane ? step.node : undefined);
    case 'control-plane':
      return observer.controlPlane();
  }
}

/** Runs the `check:` of those steps that have one, where the step itself would run. A check only looks; its output is not kept. */
export async function runChecks(
  context: {
    readonly fleet: Fleet;
    readonly observer: Observer;
    readonly plan: { readonly nodes: readonly { name: string; role: string }[] };
  },
  steps: readonly Pick<PlanStep, 'id' | 'node' | 'place' | 'env' | 'check'>[],
): Promise<Checks> {
  const results = new Map<string, boolean>();
  for (const step of steps) {
    if (step.check === undefined) continue;
    const isControlPlane = context.plan.nodes.some((node) => node.name === step.node && node.role === 'control-plane');
    const host = hostOf(context.observer, step, isControlPlane);
    const script = withEnv(step.env, step.check);
    const { code } = await context.fleet.with(host, (remote) => remote.probe(script, { timeout: CHECK_TIMEOUT }));
    results.set(stepKey(step.node, step.id), code === 0);
  }
  return results;
}

/**
 * Runs the scripts of steps that only look, where each would run; all are asked, as all that is wrong is told in one go.
 * @returns by step key what those said that did not exit with 0
 */
export async function runRequirements(
  context: Parameters<typeof runChecks>[0],
  steps: readonly PlanStep[],
): Promise<ReadonlyMap<string, string>> {
  const unmet = new Map<string, string>();
  for (const step of steps) {
    const isControlPlane = context.plan.nodes.some((node) => node.name === step.node && node.role === 'control-plane');
    const host = hostOf(context.observer, step, isControlPlane);
    const script = withEnv(step.env, step.script ?? ':');
    const { code, stdout, stderr } = await context.fleet.with(host, (remote) =>
      remote.probe(script, { timeout: step.timeout }),
    );
    if (code === 0) continue;
    const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
    unmet.set(stepKey(step.node, step.id), lines.slice(-SAID).join('; ') || `exited with ${code}`);
  }
  return unmet;
}

/** A script with the step's variables set ahead of it, quoted for POSIX sh. */
export function withEnv(env: Readonly<Record<string, string>>, script: string): string {
  const lines = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  return `${lines.join('')}${script}`;
}
