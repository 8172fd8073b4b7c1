import type { Finding } from '../guard.ts';

/** An operator's word that a refusal is to be passed over, with the reason for the journal. */
export interface Override {
  readonly guard: string;
  /** Only on this node (of the inventory); undefined: wherever the guard refuses. */
  readonly node?: string;
  readonly reason: string;
}

/** Refusals that somebody took upon himself are warnings that say so. */
export function applyOverrides(findings: readonly Finding[], overrides: readonly Override[] = []): readonly Finding[] {
  if (overrides.length === 0) return findings;
  return findings.map((finding) => {
    if (finding.severity !== 'refuse') return finding;
    const override = overrides.find(
      ({ guard, node }) => guard === finding.guard && (node === undefined || node === finding.node),
    );
    return override ? { ...finding, severity: 'warn', overridden: override.reason } : finding;
  });
}
