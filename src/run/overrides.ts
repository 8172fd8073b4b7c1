import { suggest } from '../documents/nearest.ts';
import type { Inventory } from '../documents/model.ts';
import { Failure } from '../failure.ts';
import type { Override } from '../guards/lib/override.ts';
import { guards } from '../guards/registry.ts';

/** `GUARD=REASON` or `GUARD@NODE=REASON`. @throws Failure (usage) */
export function parseOverrides(given: readonly string[] = [], inventory: Inventory): readonly Override[] {
  return given.map((text) => {
    const [, name = '', node, reason = ''] = /^([^=@]*)(?:@([^=]*))?=([^]*)$/.exec(text) ?? [];
    const option = `--override ${text}`;
    if (name === '' || reason.trim() === '') {
      throw new Failure(
        'usage',
        `${option}: it has the form GUARD=REASON (or GUARD@NODE=REASON), and the reason is kept in the journal`,
      );
    }
    const guard = guards.get(name);
    if (!guard) {
      const hint = suggest(name, [...guards.keys()], 'guards');
      throw new Failure('usage', `${option}: there is no guard ${name}`, hint === undefined ? [] : [hint]);
    }
    if (guard.binding !== undefined) {
      throw new Failure('usage', `${option}: ${name} cannot be overridden: ${guard.binding}`);
    }
    if (node !== undefined && !inventory.nodes.some((one) => one.name === node)) {
      throw new Failure('usage', `${option}: the inventory has no node ${node}`);
    }
    return { guard: name, ...(node === undefined ? {} : { node }), reason: reason.trim() };
  });
}

/** As `--override` takes it. */
export function overrideText({ guard, node, reason }: Override): string {
  return `${guard}${node === undefined ? '' : `@${node}`}=${reason}`;
}
