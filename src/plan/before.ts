import type { Span } from '../diagnostic.ts';
import type { Inventory } from '../documents/model.ts';
import { readsOf } from '../documents/results.ts';
import { Failure } from '../failure.ts';
import type { DraftedStep } from './bind.ts';
import { phaseOf } from './refs.ts';
import { openExpressions } from './step-scope.ts';

/**
 * What a step reads of another node is known by then: of an earlier phase, or of an earlier batch of its own.
 * @throws Failure (document)
 */
export function requireBefore(step: DraftedStep, batches: readonly (readonly string[])[], span?: Span): void {
  const { node, scope } = step;
  const batchOf = (name: string) => batches.findIndex((batch) => batch.includes(name));
  for (const { node: other, id } of openExpressions(step).flatMap(readsOf)) {
    if (other === '') continue;
    const refs = other === undefined ? scope.refs.own : scope.refs.nodes.of(other);
    for (const key of refs?.get(id ?? '') ?? []) {
      const [on = '', planned = ''] = key.split('/');
      if (on === node.name || phaseOf(planned) !== phaseOf(step.id) || batchOf(on) < batchOf(node.name)) continue;
      throw wrong(step, span, `it reads the result of ${id ?? ''} on ${on}, which runs side by side with it`);
    }
  }
}

/** A node whose results these expressions read, and that is not in the inventory. */
export function unknownNode(expressions: readonly string[], inventory: Inventory): string | undefined {
  const named = expressions.flatMap(readsOf).flatMap(({ node }) => (node === undefined || node === '' ? [] : [node]));
  return named.find((node) => !inventory.nodes.some(({ name }) => name === node));
}

function wrong({ id, node }: DraftedStep, span: Span | undefined, message: string): Failure {
  const place = span ? `${span.file}:${span.line}:${span.column}: ` : '';
  return new Failure('document', `${place}${id} on ${node.name}: ${message}`, [
    'A result is known to steps of later phases, and to nodes of later batches of its phase.',
  ]);
}
