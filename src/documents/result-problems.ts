import { type CelProblem, nodeStepsIn } from './cel.ts';
import type { Declared, DeclaredSteps } from './names.ts';
import { suggest } from './nearest.ts';

/** Why the result of a step is not known here, where that is the reason. */
export function ofResult(problem: CelProblem, text: string, { steps }: Declared): CelProblem | undefined {
  const name = text.slice(problem.start, problem.end).replaceAll(/^["']|["']$/g, '');
  if (/^`(?:steps|nodes)` is not known here$/.test(problem.message)) return { ...problem, detail: NOT_HERE };
  if (!steps) return undefined;
  if (problem.message === `\`steps\` has no \`${name}\``)
    return { ...problem, ...unknownId(name, Object.keys(steps.before), steps) };
  const [, id = ''] = /^`steps\.(.+)` has no `outputs`$/.exec(problem.message) ?? [];
  if (steps.before[id] !== 'uses') return undefined;
  const message = `step \`${id}\` is an action: it has an outcome and no outputs`;
  return { ...problem, message, detail: `\`steps.${id}.outcome\` is known; a \`run\` step writes to $RUNBOOK_OUTPUT` };
}

const NOT_HERE =
  'results of steps come with the run: `run`, `check`, `args`, `env` and `if` of later steps know them, and `env` gives them to a script';

/** Ids that are read of other nodes: of an earlier phase, or of this one. */
export function unknownNodeSteps(text: string, { steps }: Declared): CelProblem[] {
  if (!steps || !/\bnodes\b/.test(text)) return [];
  const known = [...new Set([...Object.keys(steps.before), ...steps.phase])];
  return nodeStepsIn(text)
    .filter(({ id }) => id !== undefined && !known.includes(id))
    .map(({ id = '', start, end }) => ({
      code: 'unknown-name',
      start,
      end,
      message: `\`nodes[...].steps\` has no \`${id}\``,
      ...unknownId(id, known, steps),
    }));
}

function unknownId(id: string, known: readonly string[], { all }: DeclaredSteps): Partial<CelProblem> {
  if (all.includes(id))
    return { message: `step \`${id}\` comes later`, detail: 'only results of steps before it are known' };
  const dashed = all.find((one) => one.startsWith(`${id}-`));
  if (dashed !== undefined) return { detail: `an id with - is written steps['${dashed}']` };
  const detail = suggest(id, known, 'ids of steps before it');
  return { detail: detail ?? 'no step before it has an `id`' };
}
