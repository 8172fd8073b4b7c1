import type { Guard } from '../guards/guard.ts';
import { guards } from '../guards/registry.ts';
import type { Entry } from './entry.ts';
import type { GuardGroup, GuardText } from './guard-text.ts';
import { controlPlane } from './guards/control-plane.ts';
import { drains } from './guards/drains.ts';
import { machines } from './guards/machines.ts';
import { nodes } from './guards/nodes.ts';
import { packages } from './guards/packages.ts';
import { versions } from './guards/versions.ts';

/** In the order of docs/guards.md. */
export const guardGroups: readonly GuardGroup[] = [nodes, controlPlane, versions, packages, machines, drains];

/** Every guard that has a text; a test finds those that have none. */
export function guardEntries(): Entry[] {
  return guardGroups.flatMap((group) =>
    group.guards.flatMap((text) => {
      const guard = guards.get(text.id);
      return guard ? [entryOf(guard, text)] : [];
    }),
  );
}

function entryOf({ id, title, source, scope, binding, comparedWith }: Guard, { what, why, remedy }: GuardText): Entry {
  const asked = scope === 'step' ? 'while planning and again before each step that it is about' : 'while planning';
  const override =
    binding === undefined
      ? `A refusal can be overridden: --override '${id}=REASON'.`
      : `A refusal cannot be overridden: ${binding}.`;
  const data = comparedWith === undefined ? [] : [`Its data was compared with the releases up to 1.${comparedWith}.`];
  return {
    kind: 'guard',
    code: id,
    title,
    what,
    why,
    remedy,
    source,
    notes: [`Asked ${asked}.`, override, ...data],
    examples: [],
  };
}
