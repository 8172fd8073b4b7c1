import type { Facts } from '../facts/facts.ts';
import type { SoftwareQuestion } from '../facts/software.ts';
import { contextOf, type DraftedStep } from '../plan/bind.ts';

/** What steps look at on one node. */
export interface NodeLooks {
  readonly files: Set<string>;
  readonly packages: Map<string, SoftwareQuestion>;
  readonly units: Set<string>;
}

export interface Looks {
  /** Files of the operator's machine; `true`: with their text. */
  readonly local: ReadonlyMap<string, boolean>;
  readonly nodes: ReadonlyMap<string, NodeLooks>;
}

/** What these steps look at beside the facts that their actions declare; undefined: none looks at anything. */
export function looksOf(steps: readonly DraftedStep[], facts: Facts): Looks | undefined {
  const local = new Map<string, boolean>();
  const nodes = new Map<string, NodeLooks>();
  for (const step of steps) {
    const { action, node } = step;
    const looks = action.looksAt?.(contextOf(step, facts)) ?? {};
    if (Object.keys(looks).length === 0) continue;
    // One step needs its text, and another one may not.
    for (const { path, text } of looks.local ?? []) local.set(path, text === true || local.get(path) === true);
    const own = nodes.get(node.name) ?? { files: new Set(), packages: new Map(), units: new Set() };
    nodes.set(node.name, own);
    for (const path of looks.node ?? []) own.files.add(path);
    for (const question of looks.packages ?? [])
      own.packages.set(question.name, forBoth(question, own.packages.get(question.name)));
    for (const unit of looks.units ?? []) own.units.add(unit);
  }
  return nodes.size === 0 ? undefined : { local, nodes };
}

/** Steps that want different revisions: what is offered is asked, whichever is installed. */
function forBoth(one: SoftwareQuestion, other = one): SoftwareQuestion {
  return one.exact === other.exact ? one : { name: one.name };
}
