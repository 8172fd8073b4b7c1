import type { LabelSelector } from '../pdbs.ts';

/** Whether a label's value satisfies a selector's expression; undefined for an unknown operator. */
export function matches(
  { operator, values }: LabelSelector['matchExpressions'][number],
  label: string | undefined,
): boolean | undefined {
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    // Only a node affinity has these two.
    case 'Gt':
      return Number(label) > Number(values[0]);
    case 'Lt':
      return Number(label) < Number(values[0]);
    default:
      return undefined;
  }
}
