import { unnumbered } from './key.ts';
import type { Plan, PlanNode, PlanPhase, PlanStep } from './plan.ts';

/** How long a step took in an earlier run: one that ended well, in one process of that run. */
export interface Measured {
  readonly action: string;
  /** The step's id without its numbers: `drain` of `5.2-drain`. */
  readonly name: string;
  readonly role: PlanNode['role'];
  /** The minor release that it led to, `1.32`; undefined where the run led to none. */
  readonly minor?: string | undefined;
  /** Milliseconds. */
  readonly duration: number;
}

export type Expected = NonNullable<Plan['expected']>[number];

/** A step of a plan as {@link Measured} names it. */
export function kindOf(step: Pick<PlanStep, 'id' | 'action'>, role: PlanNode['role'], minor: string | undefined) {
  return { action: step.action, name: unnumbered(step.id), role, minor };
}

/** `1.32` of the release that a phase leads to: its hop's, else the input `version`. */
export function minorOf(phase: Pick<PlanPhase, 'hop'>, inputs: Readonly<Record<string, unknown>>): string | undefined {
  const version = phase.hop?.version ?? inputs['version'];
  return typeof version === 'string' ? /^v?(\d+\.\d+)/.exec(version)?.[1] : undefined;
}

/** What was measured, so that the nearest of what is like a step is found at once. */
export class Durations {
  readonly #byKind = new Map<string, number[]>();

  constructor(measured: readonly Measured[]) {
    for (const one of measured) {
      for (const key of keysOf(one)) {
        const durations = this.#byKind.get(key);
        if (durations) durations.push(one.duration);
        else this.#byKind.set(key, [one.duration]);
      }
    }
  }

  /** The median of the nearest that was measured: same step, role and minor; then any minor, role, any such action. */
  of(kind: Omit<Measured, 'duration'>): { readonly takes: number; readonly measured: number } | undefined {
    for (const key of keysOf(kind)) {
      const durations = this.#byKind.get(key);
      if (durations) return { takes: median(durations), measured: durations.length };
    }
    return undefined;
  }
}

/** The nearest first. What a `run` step does is known by its name alone. */
function keysOf({ action, name, role, minor }: Omit<Measured, 'duration'>): string[] {
  const keys = [
    [action, name, role, minor ?? ''],
    [action, name, role],
    [action, name],
  ];
  return [...keys, ...(action === 'run' ? [] : [[action]])].map((parts) => parts.join('\n'));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return Math.round((low + high) / 2);
}
