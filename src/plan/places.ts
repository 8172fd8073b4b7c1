import { itemsFor } from '../documents/for-each.ts';
import { type Evaluated } from '../documents/expressions.ts';
import { isIncluded, scopeIn } from '../documents/frame.ts';
import type { Phase, Scope, Step } from '../documents/model.ts';
import { Failure } from '../failure.ts';
import type { PlanStep } from './plan.ts';

/** What `inputs`, `vars` and `each` stand for in the expressions of one planned step, where they are its own. */
export type Known = NonNullable<PlanStep['known']>;

export interface PlannedPlace {
  /** `5.2`, or of an item of `forEach` `5.2-1`. */
  readonly number: string;
  readonly known?: Known;
}

/** The planned steps that a step becomes on one node: none where its include is left out, one for each item. */
export function placesOf(step: Step, number: string, scopeOf: () => Scope): PlannedPlace[] {
  if (!step.frame && step.forEach === undefined) return [{ number }];
  const scope = scopeOf();
  if (!orFail(step, isIncluded(step.frame, scope), scope)) return [];
  const own = orFail(step, scopeIn(step.frame, scope), scope);
  const items = orFail(step, itemsFor(step, own), scope);
  return items.map((each) => ({
    number: each ? `${number}-${each.index + 1}` : number,
    known: { ...knownOf(step, own), ...(each && { each }) },
  }));
}

/** The names of a phase's own expressions. */
export function phaseScope(phase: Phase, scope: Scope): Scope {
  return orFail(phase, scopeIn(phase.frame, scope), scope);
}

function knownOf({ frame }: Step, { inputs, vars }: Scope): Known {
  return { ...(frame?.included && { inputs }), ...(vars && Object.keys(vars).length > 0 && { vars }) };
}

/** The value. @throws Failure (document) */
export function orFail<T>(of: Pick<Step | Phase, 'span'>, result: Evaluated<T>, { node }: Pick<Scope, 'node'>): T {
  if (result.ok) return result.value;
  const { file, line, column } = of.span;
  const where = node ? `on node ${node.name}: ` : '';
  throw new Failure('document', `${file}:${line}:${column}: ${where}${result.error.message}`);
}

/** Of these names, those that the expressions of a planned step read while it runs. */
export function knownFor(known: Known | undefined, roots: ReadonlySet<string>): { readonly known?: Known } {
  const read = Object.entries(known ?? {}).filter(([name]) => roots.has(name));
  return read.length === 0 ? {} : { known: Object.fromEntries(read) };
}
