/** What a runbook includes. */
const PART_KINDS = ['Steps', 'Phases'] as const;
const KINDS = ['Runbook', 'Inventory', 'Fleet', ...PART_KINDS] as const;

export type PartKind = (typeof PART_KINDS)[number];
export type Kind = (typeof KINDS)[number];

export function isKind(value: unknown): value is Kind {
  return KINDS.includes(value as Kind);
}

export function isPartKind(value: unknown): value is PartKind {
  return PART_KINDS.includes(value as PartKind);
}
