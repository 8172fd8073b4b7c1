import type { Action } from '../actions/action.ts';
import { expand } from './expand.ts';
import { ONCE } from './fields.ts';
import { PART_SCHEMAS } from './include-schema.ts';
import { issueDiagnostics } from './issues.ts';
import type { PartKind } from './kinds.ts';
import { load } from './loaded.ts';
import type { Loaded, Part, Runbook } from './model.ts';
import { judgeRunbook } from './runbook.ts';
import { Scripts } from './scripts.ts';
import { readText, type ReadText } from './text.ts';
import { type Path, relocated, type YamlDocument } from './yaml.ts';

/**
 * Reads a file of steps or phases by itself, as `validate` does: without the runbook that includes it. It has no value,
 * only problems; `hop` counts as known.
 */
export function loadPart(
  file: string,
  text: string,
  kind: PartKind,
  actions: ReadonlyMap<string, Action>,
  read: ReadText = readText,
): Loaded<Runbook> {
  let parts: readonly Part[] = [];
  const loaded = load<Runbook>(file, text, kind, (document, value) => {
    const schema = PART_SCHEMAS[kind];
    const head = schema.safeParse(value, ONCE);
    const judged = { document, base: [], value, schema, called: 'the file' };
    const { steps, phases, ...own } = value;
    // What is no list is reported by the head's schema.
    const list = kind === 'Steps' ? steps : phases;
    const whole = expand(asRunbook(document, kind), { ...own, phases: phasesOf(list, kind) }, read);
    const scripts = new Scripts(read);
    const { diagnostics } = judgeRunbook(whole, actions, scripts, false);
    parts = [...whole.parts, ...scripts.parts()];
    return {
      diagnostics: [...(head.success ? [] : issueDiagnostics(head.error.issues, judged)), ...diagnostics],
      build: () => undefined,
    };
  });
  return parts.length === 0 ? loaded : { ...loaded, parts };
}

function phasesOf(list: unknown, kind: PartKind): unknown {
  if (!Array.isArray(list) || list.length === 0) return [];
  return kind === 'Phases' ? list : [{ name: 'steps', nodes: 'all', steps: list }];
}

/** Steps are those of the one phase of a runbook. */
function asRunbook(document: YamlDocument, kind: PartKind): YamlDocument {
  if (kind === 'Phases') return document;
  const own = (path: Path): Path => (path[0] === 'phases' ? path.slice(2) : path);
  return relocated(document, (path) => [document, own(path)]);
}
