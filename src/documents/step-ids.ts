import type { Diagnostic } from '../diagnostic.ts';
import type { DeclaredSteps } from './names.ts';
import { entriesOf, isMap, itemsOf } from './shapes.ts';
import { problem } from './source.ts';
import type { Raw } from './step-checks.ts';
import type { Path, YamlDocument } from './yaml.ts';

/** A letter, then letters, digits, - and _. */
export const STEP_ID = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** Where steps of a phase are written. */
export const STEP_LISTS = ['steps', 'always'] as const;

interface Identified {
  readonly id: string;
  readonly kind: 'run' | 'uses';
  readonly phase: number;
  readonly path: Path;
}

/** The ids of a runbook as written, and which of them an expression may name where. */
export class StepIds {
  readonly #all: readonly Identified[];
  readonly #known = new Map<string, DeclaredSteps>();

  constructor(raw: Raw) {
    this.#all = itemsOf(raw['phases']).flatMap((phase, index) => (isMap(phase) ? idsOf(phase, index) : []));
  }

  /** What expressions of a step may name; the object is the same where the names are. */
  at(path: Path): DeclaredSteps {
    const [, phase] = path;
    const at = this.#all.findIndex((one) => comesAfter(one.path, path));
    const count = at === -1 ? this.#all.length : at;
    const key = `${String(phase)} ${count}`;
    const known = this.#known.get(key) ?? this.#declared(count, Number(phase));
    this.#known.set(key, known);
    return known;
  }

  /** An id names one step of its phase. */
  problems(document: YamlDocument): Diagnostic[] {
    return this.#all.flatMap(({ id, phase, path }, at) => {
      const first = this.#all.slice(0, at).find((one) => one.phase === phase && one.id === id);
      if (!first) return [];
      const { line } = document.at(first.path);
      const detail = `its phase has a step with that id in line ${line}; results are read by it`;
      return [problem('duplicate-id', `the id \`${id}\` is taken`, document.at([...path, 'id']), detail)];
    });
  }

  #declared(count: number, phase: number): DeclaredSteps {
    const before = this.#all.slice(0, count).map(({ id, kind }) => [id, kind] as const);
    return {
      before: Object.fromEntries(before),
      phase: this.#all.filter((one) => one.phase === phase).map(({ id }) => id),
      all: this.#all.map(({ id }) => id),
    };
  }
}

function idsOf(phase: Raw, index: number): Identified[] {
  return STEP_LISTS.flatMap((list) =>
    itemsOf(phase[list]).flatMap((step, place): Identified[] => {
      const { id, uses } = isMap(step) ? step : {};
      if (typeof id !== 'string' || !STEP_ID.test(id)) return [];
      const path = ['phases', index, list, place];
      return [{ id, kind: uses === undefined ? 'run' : 'uses', phase: index, path }];
    }),
  );
}

/** Whether a step is at that place or behind it. Paths are of the form phases, INDEX, steps or always, INDEX. */
function comesAfter([, phase, list, place]: Path, [, ownPhase, ownList, ownPlace]: Path): boolean {
  if (phase !== ownPhase) return Number(phase) > Number(ownPhase);
  if (list !== ownList) return list === 'always';
  return Number(place) >= Number(ownPlace);
}

/** Variables that only the program sets. */
export function checkReserved(document: YamlDocument, env: unknown, path: Path): Diagnostic[] {
  return entriesOf(env).flatMap(([name]) =>
    /^RUNBOOK_(OUTPUT|EXPR_\d+)$/.test(name)
      ? [problem('reserved', `\`${name}\` is reserved`, document.keyAt([...path, name]))]
      : [],
  );
}
