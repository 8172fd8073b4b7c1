import type { Diagnostic } from '../diagnostic.ts';
import { suggest } from './nearest.ts';
import { isMap, itemsOf } from './shapes.ts';
import { problem } from './source.ts';
import { checkStep, type Context, type Raw } from './step-checks.ts';
import type { Path } from './yaml.ts';

/** The `always` steps of a phase, and what its steps name of them in `undoneBy`. */
export function checkAlways(contextAt: (path: Path) => Context, phase: Raw, path: Path): Diagnostic[] {
  const context = contextAt(path);
  const always = itemsOf(phase['always']);
  const ids = always.flatMap((step) => (isMap(step) && typeof step['id'] === 'string' ? [step['id']] : []));
  return [
    ...always.flatMap((step, index) => {
      const at = [...path, 'always', index];
      return isMap(step)
        ? [...checkStep({ ...contextAt(at), atEnd: true }, step, at), ...notHere(context, step, at)]
        : [];
    }),
    ...itemsOf(phase['steps']).flatMap((step, index) =>
      isMap(step) ? checkPair(context, step['undoneBy'], ids, [...path, 'steps', index, 'undoneBy']) : [],
    ),
  ];
}

function notHere({ document }: Context, step: Raw, path: Path): Diagnostic[] {
  if (step['undoneBy'] === undefined) return [];
  const summary = '`undoneBy` belongs to a step of `steps`: nothing undoes an `always` step';
  return [problem('step-form', summary, document.keyAt([...path, 'undoneBy']))];
}

function checkPair({ document }: Context, pair: unknown, ids: readonly string[], path: Path): Diagnostic[] {
  if (typeof pair !== 'string' || pair === '' || ids.includes(pair)) return [];
  const detail = suggest(pair, ids, '`always` has') ?? 'it names the `id` of an `always` step of its phase';
  return [
    problem('unknown-step', `\`always\` of this phase has no step with the id \`${pair}\``, document.at(path), detail),
  ];
}
